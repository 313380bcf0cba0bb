import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatchSessionAccessTests {
    private static let reason = "rpc error: code = PermissionDenied desc = etcdserver: permission denied"

    private func request(_ range: KeyRange, from start: Revision = .none) -> WatchCreateRequest {
        WatchCreateRequest(range, from: start)
    }

    private func end(_ id: Int64, at revision: Int64) -> WatchResponseHead {
        WatchResponseHead(
            header: SessionFixture.header(revision),
            watchID: id,
            canceled: true,
            cancelReason: Self.reason
        )
    }

    @Test func watchesOutsideOfWhatMayBeReadAreCancelledAndTheOthersGoOn() throws {
        let session = SessionFixture.session()
        _ = try session.make(request(.prefix("a/")), store: 9)
        _ = try session.make(request(.prefix("b/")), store: 9)
        _ = try session.make(request(.key("a/1")), store: 9)
        let action = session.accessChanged(to: [.prefix("b/")], store: 9)
        #expect(action.sends && !action.dropsPrepared)
        #expect(try session.next(store: 9).sent.head == end(0, at: 9))
        #expect(try session.next(store: 9).sent.head == end(2, at: 9))
        #expect(session.watchCount == 1 && session.groups.count == 1)
        session.announce([10], first: 10, last: 10)
        #expect(try session.next(store: 10).sent.head.watchID == 1)
    }

    @Test func whatMayBeReadBeforeAndAfterIsNotDisturbed() throws {
        let session = SessionFixture.session(readable: [.prefix("a/")])
        _ = try session.make(request(.prefix("a/b/")), store: 9)
        for readable: [KeyRange] in [[.prefix("a/")], [.all], [.prefix("a/b/"), .key("x")]] {
            let action = session.accessChanged(to: readable, store: 9)
            #expect(action == WatchSessionStateMachine.AccessAction())
        }
        #expect(session.next(store: 9).isIdle)
    }

    @Test func aNewWatchIsJudgedByTheNewRights() throws {
        let session = SessionFixture.session(readable: [])
        _ = session.createRequested(request(.key("a")), store: 9)
        #expect(try session.next(store: 9).sent.head.cancelReason == Self.reason)
        _ = session.accessChanged(to: [.all], store: 9)
        #expect(try session.make(request(.key("a")), store: 9) == 0)
        _ = session.accessChanged(to: [], store: 9)
        #expect(try session.next(store: 9).sent.head.canceled)
        _ = session.createRequested(request(.key("a")), store: 9)
        #expect(try session.next(store: 9).sent.head.cancelReason == Self.reason)
    }

    @Test func theEndTellsHowFarTheWatchWas() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 3), store: 9)
        _ = try session.next(store: 9).read
        _ = session.readFinished(.events(SessionFixture.slice([3], first: 3, last: 4)))
        #expect(session.accessChanged(to: [], store: 9).sends)
        #expect(try session.next(store: 9).sent.head == end(0, at: 4))
    }

    @Test func aPreparedMessageOfACancelledWatchIsNotSent() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 3), store: 9)
        _ = try session.next(store: 9).read
        let prepared = session.readFinished(.events(SessionFixture.slice([5, 7], first: 3, last: 9)))
        let action = session.accessChanged(to: [], prepared: prepared, store: 9)
        #expect(action.sends && action.dropsPrepared)
        // The first event that was not sent is of revision 5.
        #expect(try session.next(store: 9).sent.head == end(0, at: 4))
    }

    @Test func aPreparedMessageOfAnotherWatchIsSent() throws {
        let session = SessionFixture.session()
        _ = try session.make(request(.key("a"), from: 3), store: 9)
        _ = try session.make(request(.key("k0"), from: 3), store: 9)
        try session.readNothing(store: 9)
        _ = try session.next(store: 9).read
        let prepared = session.readFinished(.events(SessionFixture.slice([5], first: 3, last: 9)))
        let action = session.accessChanged(to: [.key("k0")], prepared: prepared, store: 9)
        #expect(action.sends && !action.dropsPrepared)
    }

    @Test func aPreparedMessageOfAnEndedWatchIsSentAlthoughItsNumberIsTakenAnew() throws {
        let session = SessionFixture.session()
        var request = request(.all, from: 3)
        request.watchID = 4
        _ = try session.make(request, store: 9)
        _ = try session.next(store: 9).read
        let prepared = session.readFinished(.events(SessionFixture.slice([5, 7], first: 3, last: 9)))
        _ = session.cancelRequested(4, store: 9)
        _ = session.createRequested(request, store: 9)
        // The end of the first watch says that everything up to 9 was sent, and so it has to be.
        let action = session.accessChanged(to: [], prepared: prepared, store: 9)
        #expect(action.sends && !action.dropsPrepared)
        let told = try (0..<3).map { _ in try session.next(store: 9).sent.head }
        #expect(told.map(\.created) == [false, true, false])
        #expect(told.map(\.header.revision) == [9, 9, 2])
    }

    @Test func aPreparedAnswerIsSent() throws {
        let session = SessionFixture.session()
        _ = session.createRequested(request(.key("a")), store: 9)
        let created = try session.next(store: 9).sent
        let action = session.accessChanged(to: [], prepared: created, store: 9)
        #expect(action.sends && !action.dropsPrepared)
        #expect(try session.next(store: 9).sent.head == end(0, at: 9))
    }

    @Test func theRestOfAMessageInPartsIsNotSent() throws {
        let session = SessionFixture.session { $0.bytesPerFragment = 1_024 }
        _ = try session.make(.all(from: 4, fragment: true), store: 9)
        _ = try session.next(store: 9).read
        let slice = SessionFixture.slice([5, 5, 7, 7, 8], first: 4, last: 9, valueBytes: 400)
        let first = try #require(session.readFinished(.events(slice)))
        #expect(first.head.fragment)
        let second = try session.next(store: 9).sent
        #expect(second.head.fragment)
        // The second part waits to be sent, the third has not been taken.
        let action = session.accessChanged(to: [], prepared: second, store: 9)
        #expect(action.dropsPrepared)
        #expect(try session.next(store: 9).sent.head == end(0, at: 6))
        #expect(session.next(store: 9).isIdle)
    }

    @Test func aStreamWhoseClientHasFinishedEndsWithItsLastWatch() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 3), store: 9)
        session.clientFinished(store: 9)
        _ = session.accessChanged(to: [], store: 9)
        #expect(try session.next(store: 9).sent.head.canceled)
        #expect(session.next(store: 9).isFinish)
    }
}

import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

/// What becomes of a stream's watches when the store that is served gets another history.
@Suite struct WatchSessionHistoryTests {
    private let session = SessionFixture.session()

    private func header(_ revision: Int64, cluster: UInt64 = 0xC1, term: UInt64 = 1) -> ResponseHeader {
        ResponseHeader(clusterID: cluster, memberID: 0x3E, revision: Revision(revision), raftTerm: term)
    }

    @Test func cancelsEveryWatchWithTheFirstRevisionThatCanBeWatched() throws {
        let idle = try session.make(.all(), store: 7)
        let behind = try session.make(.all(from: 5), store: 7)
        let future = try session.make(.all(from: 90), store: 7)
        session.historyObserved(header(30), of: 2, firstWatchable: 31)

        let heads = try (0..<3).map { _ in try session.next(store: 30).sent.head }
        #expect(heads.map(\.watchID) == [idle, behind, future])
        #expect(heads.map(\.canceled) == [true, true, true])
        #expect(heads.map(\.compactRevision) == [31, 31, 31])
        #expect(heads.map(\.cancelReason) == ["", "", ""])
        // What the watches had been sent, which is of the history before.
        #expect(heads.map(\.header) == [header(7), header(4), header(7)])
        #expect(session.next(store: 30).isIdle)
        #expect(session.heldParts == 0)
        #expect(session.groups.isEmpty)
    }

    @Test func goesOnWithWatchesOfTheNewHistoryAlsoAtAnEarlierRevision() throws {
        _ = try session.make(.all(), store: 50)
        session.historyObserved(header(9, term: 4), of: 2, firstWatchable: 10)
        #expect(try session.next(store: 9).sent.head.canceled)
        _ = session.createRequested(.all(), store: 9)
        let created = try session.next(store: 9).sent.head
        #expect(created.created)
        #expect(created.header == header(9, term: 4))
        session.announce([10], first: 10, last: 10)
        #expect(try session.next(store: 10).sent.head.header == header(10, term: 4))
    }

    @Test func endsTheStreamBehindTheCancellationsIfItIsAnotherStore() throws {
        let watch = try session.make(.all(), store: 7)
        session.historyObserved(header(9, cluster: 0xC2), of: 2, firstWatchable: 10)
        let canceled = try session.next(store: 9).sent.head
        #expect(canceled.watchID == watch)
        #expect(canceled.compactRevision == 10)
        #expect(canceled.header.clusterID == 0xC1)
        // What comes now cannot be answered with one store's number.
        _ = session.createRequested(.all(), store: 9)
        _ = session.progressRequested(store: 9)
        let failure = session.next(store: 9).failure
        #expect(failure?.code == .unavailable)
        #expect(failure == .otherStore)
        session.historyObserved(header(9), of: 3, firstWatchable: 10)
        #expect(session.next(store: 9).failure == .otherStore)
    }

    @Test func aStreamWithoutWatchesEndsTooIfItIsAnotherStore() {
        session.historyObserved(header(9, cluster: 0xC2), of: 2, firstWatchable: 10)
        #expect(session.next(store: 9).failure == .otherStore)
    }

    @Test func sendsTheRestOfAMessageInPartsBeforeItsWatchIsCancelled() throws {
        let session = SessionFixture.session { $0.bytesPerFragment = 1_024 }
        _ = try session.make(.all(from: 2, fragment: true), store: 2)
        _ = try session.next(store: 2).read
        let slice = SessionFixture.slice([2, 2], first: 2, last: 2, valueBytes: 1_000)
        let first = try #require(session.readFinished(.events(slice)))
        #expect(first.head.fragment)
        session.historyObserved(header(9), of: 2, firstWatchable: 10)
        let rest = try session.next(store: 9).sent
        #expect(rest.events != nil)
        #expect(!rest.head.fragment)
        #expect(try session.next(store: 9).sent.head.compactRevision == 10)
    }

    @Test func answersARequestForProgressFromTheNewHistory() throws {
        _ = try session.make(.all(from: 5), store: 7)
        _ = session.progressRequested(store: 7)
        session.historyObserved(header(3), of: 2, firstWatchable: 4)
        #expect(try session.next(store: 3).sent.head.canceled)
        let progress = try session.next(store: 3).sent.head
        #expect(progress.watchID == -1)
        #expect(progress.header == header(3))
    }

    @Test func endsForAClientThatHasFinishedOnceItsWatchesAreCancelled() throws {
        _ = try session.make(.all(from: 5), store: 7)
        session.clientFinished(store: 7)
        session.historyObserved(header(3), of: 2, firstWatchable: 4)
        #expect(try session.next(store: 3).sent.head.canceled)
        #expect(session.next(store: 3).isFinish)
    }

    @Test func tellsALaterTermWithoutTouchingTheWatches() throws {
        _ = try session.make(.all(), store: 7)
        session.historyObserved(header(7, term: 5), of: 1, firstWatchable: 1)
        session.historyObserved(header(7, term: 3), of: 1, firstWatchable: 1)
        #expect(session.watchCount == 1)
        _ = session.createRequested(.all(), store: 7)
        #expect(try session.next(store: 7).sent.head.header == header(7, term: 5))
    }
}

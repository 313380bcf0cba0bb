import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatchSessionCreateTests {
    @Test func theAnswerCarriesTheStoresRevisionAndComesBeforeAnyEvent() throws {
        let session = SessionFixture.session()
        #expect(session.createRequested(.all(from: 3), store: 7) == .continueReading)
        let message = try session.next(store: 8).sent
        #expect(message.head == WatchResponseHead(header: SessionFixture.header(7), watchID: 0, created: true))
        #expect(message.events == nil)
        #expect(try session.next(store: 8).read.next == 3)
    }

    @Test func theServerChoosesIDsFromZeroUpAndNeverTwice() throws {
        let session = SessionFixture.session()
        #expect(try session.make(.all(), store: 1) == 0)
        #expect(try session.make(.all(id: 1), store: 1) == 1)
        #expect(try session.make(.all(), store: 1) == 2)
        _ = session.cancelRequested(2, store: 1)
        _ = try session.next(store: 1).sent
        #expect(try session.make(.all(), store: 1) == 3)
    }

    @Test func anIDIsFreeAgainOnceItsWatchIsCancelled() throws {
        let session = SessionFixture.session()
        #expect(try session.make(.all(id: 42), store: 1) == 42)
        _ = session.cancelRequested(42, store: 1)
        _ = try session.next(store: 1).sent
        #expect(try session.make(.all(id: 42), store: 1) == 42)
    }

    @Test func aWatchWithoutStartBeginsAtTheNextRevision() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(), store: 7)
        // It already has everything: no read, also none when the store moves.
        #expect(session.next(store: 7).isIdle)
        #expect(session.next(store: 9).isIdle)
        session.announce([8], first: 8, last: 9)
        let message = try session.next(store: 9).sent
        #expect(message.head == WatchResponseHead(header: SessionFixture.header(9), watchID: 0))
        #expect(message.events?.events == 0..<1)
    }

    @Test func aWatchFromTheFutureIsSilentUntilTheStoreGetsThere() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 10), store: 7)
        #expect(session.next(store: 7).isIdle)
        session.announce([8, 9], first: 8, last: 9)
        #expect(session.next(store: 9).isIdle)
        session.announce([10], first: 10, last: 10)
        #expect(try session.next(store: 10).sent.events?.events == 0..<1)
    }

    @Test func aWatchFromACompactedRevisionIsMadeAndThenCancelled() throws {
        let session = SessionFixture.session()
        let id = try session.make(.all(from: 3), store: 9)
        _ = try session.next(store: 9).read
        let message = try #require(session.readFinished(.compacted(5)))
        let expected = WatchResponseHead(
            header: SessionFixture.header(2),
            watchID: id,
            canceled: true,
            compactRevision: 5
        )
        #expect(message.head == expected)
        #expect(session.next(store: 10).isIdle)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var request: WatchCreateRequest
        var reason: String
        var testDescription: String { reason }
    }

    @Test(arguments: [
        Refusal(
            request: WatchCreateRequest(.prefix("b")),
            reason: "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
        ),
        Refusal(request: WatchCreateRequest(.interval("ad", "ac")), reason: "mvcc: watcher range is empty"),
        Refusal(
            request: WatchCreateRequest(.prefix("a"), watchID: 5),
            reason: "mvcc: duplicate watch ID provided on the WatchStream"
        ),
        Refusal(
            request: WatchCreateRequest(.prefix("a"), watchID: -1),
            reason: "mvcc: duplicate watch ID provided on the WatchStream"
        ),
        Refusal(
            request: WatchCreateRequest(.prefix("a"), from: -1),
            reason: "etcdserver: mvcc: required revision has been compacted"
        ),
    ])
    func isRefusedAsEtcdRefuses(_ refusal: Refusal) throws {
        let session = SessionFixture.session(readable: [.prefix("a")])
        _ = try session.make(WatchCreateRequest(.prefix("a"), watchID: 5), store: 4)
        _ = session.createRequested(refusal.request, store: 6)
        let expected = WatchResponseHead(
            header: SessionFixture.header(6),
            watchID: -1,
            created: true,
            canceled: true,
            cancelReason: refusal.reason
        )
        #expect(try session.next(store: 6).sent.head == expected)
        // The watch that was there goes on, and is the only one.
        session.announce([6], first: 5, last: 6)
        #expect(try session.next(store: 6).sent.head.watchID == 5)
        #expect(session.watchCount == 1)
    }

    @Test func oneWatchTooManyIsRefusedAndTheOthersGoOn() throws {
        let session = SessionFixture.session { $0.watchesPerStream = 2 }
        _ = try session.make(.all(), store: 1)
        _ = try session.make(.all(), store: 1)
        _ = session.createRequested(.all(), store: 1)
        let head = try session.next(store: 1).sent.head
        #expect(head.watchID == -1 && head.created && head.canceled)
        #expect(head.cancelReason == "rpc error: code = ResourceExhausted desc = etcdserver: too many requests")
        #expect(session.watchCount == 2)
        // Room again after a cancel.
        _ = session.cancelRequested(0, store: 1)
        _ = try session.next(store: 1).sent
        #expect(try session.make(.all(), store: 1) == 2)
    }

    @Test func aCancelIsAnsweredAndEndsTheWatch() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(), store: 7)
        #expect(session.cancelRequested(0, store: 7) == .continueReading)
        let expected = WatchResponseHead(header: SessionFixture.header(7), watchID: 0, canceled: true)
        #expect(try session.next(store: 8).sent.head == expected)
        #expect(session.next(store: 8).isIdle)
    }

    @Test func theAnswerToACancelDoesNotRunAheadOfWhatTheWatchWasSent() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 4), store: 9)
        _ = session.cancelRequested(0, store: 9)
        #expect(try session.next(store: 9).sent.head.header == SessionFixture.header(3))
    }

    @Test func cancelledWatchesLeaveNothingBehind() throws {
        let session = SessionFixture.session()
        for round in 0..<100 {
            // Cancelled while it lags, while it waits, and in a round.
            #expect(try session.make(.all(from: round % 3 == 0 ? 3 : .none, id: 3, progress: true), store: 7) == 3)
            if round % 3 == 1 { session.announce([8], first: 8, last: 8) }
            #expect(session.heldParts > 0)
            _ = session.cancelRequested(3, store: 7)
            #expect(try session.next(store: 7).sent.head.canceled)
            #expect(session.heldParts == 0)
            #expect(session.groups.isEmpty)
        }
    }

    @Test func anUnknownCancelGetsNoAnswer() {
        let session = SessionFixture.session()
        #expect(session.cancelRequested(3, store: 7) == .continueReading)
        #expect(session.cancelRequested(-1, store: 7) == .continueReading)
        #expect(session.next(store: 7).isIdle)
    }

    @Test func tooManyPendingAnswersPauseTheReadingUntilHalfOfThemAreSent() throws {
        let session = SessionFixture.session { $0.pendingAnswersPerStream = 4 }
        for _ in 0..<3 { #expect(session.createRequested(.all(), store: 1) == .continueReading) }
        #expect(session.createRequested(.all(), store: 1) == .pauseReading)
        // A message that had been read already is taken, and leaves the reading paused.
        #expect(session.cancelRequested(99, store: 1) == .pauseReading)
        let resumes = try (0..<4).map { _ in
            let action = session.next(store: 1)
            _ = try action.sent
            return action.resumesReading
        }
        #expect(resumes == [false, true, false, false])
        #expect(session.createRequested(.all(), store: 1) == .continueReading)
    }
}

import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatchSessionEventTests {
    @Test func theHeaderIsTheLastRevisionCompleteInTheMessage() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 2), store: 9)
        _ = try session.next(store: 9).read
        let slice = SessionFixture.slice([2, 3, 3], first: 2, last: 4)
        let message = try #require(session.readFinished(.events(slice)))
        #expect(message.head == WatchResponseHead(header: SessionFixture.header(4), watchID: 0))
        #expect(message.events?.events == 0..<3)
        // The store has more: the watch reads on where the message ended.
        #expect(try session.next(store: 9).read.next == 5)
    }

    @Test func aWatchThatHasEverythingIsNotReadAgainBeforeTheStoreMoves() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 8), store: 9)
        _ = try session.next(store: 9).read
        _ = session.readFinished(.events(SessionFixture.slice([8], first: 8, last: 9)))
        #expect(session.next(store: 9).isIdle)
        session.announce([10], first: 10, last: 10)
        #expect(try session.next(store: 10).sent.head.header == SessionFixture.header(10))
    }

    @Test func aBatchWithoutEventsMovesTheWatchSilently() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 2), store: 900)
        _ = try session.next(store: 900).read
        #expect(session.readFinished(.nothing(upTo: 500)) == nil)
        #expect(try session.next(store: 900).read.next == 501)
    }

    @Test func readyWatchesTakeTurns() throws {
        let session = SessionFixture.session()
        for _ in 0..<3 { _ = try session.make(.all(from: 1), store: 100) }
        var order: [Int64] = []
        for round in 0..<9 {
            let read = try session.next(store: 100).read
            order.append(try #require(read.watchID))
            let first = read.next.rawValue
            #expect(first == Int64(round / 3) * 10 + 1)
            let slice = SessionFixture.slice([first], first: first, last: first + 9)
            #expect(session.readFinished(.events(slice)) != nil)
        }
        #expect(order == [0, 1, 2, 0, 1, 2, 0, 1, 2])
    }

    @Test func aLargeWatchDoesNotHoldBackAnAnswer() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 1), store: 100)
        _ = try session.next(store: 100).read
        _ = session.readFinished(.events(SessionFixture.slice([1], first: 1, last: 1)))
        _ = session.createRequested(.all(), store: 100)
        #expect(try session.next(store: 100).sent.head.created)
    }

    @Test func aWatchThatFellBehindCompactionIsCancelledAndTheOthersGoOn() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 3), store: 9)
        _ = try session.make(.all(from: 8), store: 9)
        _ = try session.next(store: 9).read
        _ = session.readFinished(.events(SessionFixture.slice([3], first: 3, last: 4)))
        #expect(try session.next(store: 9).read.watchID == 1)
        _ = session.readFinished(.events(SessionFixture.slice([8], first: 8, last: 9)))
        #expect(try session.next(store: 9).read.watchID == 0)
        let message = try #require(session.readFinished(.compacted(7)))
        let expected = WatchResponseHead(
            header: SessionFixture.header(4),
            watchID: 0,
            canceled: true,
            compactRevision: 7
        )
        #expect(message.head == expected)
        session.announce([10], first: 10, last: 10)
        #expect(try session.next(store: 10).sent.head.watchID == 1)
    }

    // MARK: - Fragments

    @Test func aLargeMessageIsSentInPartsToAWatchThatAskedForIt() throws {
        let session = SessionFixture.session { $0.bytesPerFragment = 1_024 }
        _ = try session.make(.all(from: 4, fragment: true), store: 9)
        _ = try session.make(.all(from: 9), store: 9)
        _ = try session.next(store: 9).read
        // Five events of a bit over 400 bytes: two, two and one.
        let slice = SessionFixture.slice([5, 6, 6, 6, 8], first: 4, last: 9, valueBytes: 400)
        var parts = [try #require(session.readFinished(.events(slice)))]
        parts.append(try session.next(store: 9).sent)
        parts.append(try session.next(store: 9).sent)
        #expect(parts.map(\.head.fragment) == [true, true, false])
        #expect(parts.map(\.events?.events) == [0..<2, 2..<4, 4..<5])
        // Revision 6 is complete only with the second part, which ends before revision 8 and so also tells of 7.
        #expect(parts.map(\.head.header.revision) == [5, 7, 9])
        #expect(parts.allSatisfy { $0.head.watchID == 0 })
        // Nothing came in between; now it is the other watch's turn.
        #expect(try session.next(store: 9).read.watchID == 1)
    }

    @Test func aLargeMessageStaysWholeForOthers() throws {
        let session = SessionFixture.session { $0.bytesPerFragment = 1_024 }
        _ = try session.make(.all(from: 4), store: 9)
        _ = try session.next(store: 9).read
        let slice = SessionFixture.slice([5, 6, 6, 6, 8], first: 4, last: 9, valueBytes: 400)
        let message = try #require(session.readFinished(.events(slice)))
        #expect(message.head.fragment == false)
        #expect(message.events?.events == 0..<5)
        #expect(session.next(store: 9).isIdle)
    }

    @Test func oneEventIsNotDividedHoweverLarge() throws {
        let session = SessionFixture.session { $0.bytesPerFragment = 1_024 }
        _ = try session.make(.all(from: 4, fragment: true), store: 9)
        _ = try session.next(store: 9).read
        let slice = SessionFixture.slice([5], first: 4, last: 9, valueBytes: 5_000)
        let message = try #require(session.readFinished(.events(slice)))
        #expect(message.head.fragment == false)
        #expect(session.next(store: 9).isIdle)
    }

    @Test func aCancelWaitsForTheRestOfAMessageInParts() throws {
        let session = SessionFixture.session { $0.bytesPerFragment = 1_024 }
        _ = try session.make(.all(from: 4, fragment: true), store: 9)
        _ = try session.next(store: 9).read
        let slice = SessionFixture.slice([5, 5, 5], first: 4, last: 9, valueBytes: 1_000)
        _ = session.readFinished(.events(slice))
        _ = session.cancelRequested(0, store: 9)
        #expect(try session.next(store: 9).sent.head.fragment)
        let last = try session.next(store: 9).sent.head
        #expect(!last.fragment && !last.canceled)
        #expect(try session.next(store: 9).sent.head.canceled)
    }

    // MARK: - The end

    @Test func afterTheClientsLastRequestTheStreamEndsWithWhatWasAskedFor() throws {
        let session = SessionFixture.session()
        _ = session.createRequested(.all(from: 5), store: 7)
        session.clientFinished(store: 7)
        #expect(try session.next(store: 7).sent.head.created)
        #expect(try session.next(store: 8).read.next == 5)
        #expect(session.readFinished(.events(SessionFixture.slice([5], first: 5, last: 6))) != nil)
        // Revision 7 was there when the client finished; 8 was not.
        #expect(try session.next(store: 8).read.next == 7)
        #expect(session.readFinished(.events(SessionFixture.slice([7], first: 7, last: 7))) != nil)
        #expect(session.next(store: 8).isFinish)
    }

    @Test func aStreamWithoutWatchesEndsAtTheClientsEnd() {
        let session = SessionFixture.session()
        session.clientFinished(store: 7)
        #expect(session.next(store: 7).isFinish)
    }

    @Test func aWatchFromTheFutureDoesNotHoldTheStreamOpen() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 100), store: 7)
        session.clientFinished(store: 7)
        #expect(session.next(store: 7).isFinish)
    }
}

import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatchSessionProgressTests {
    @Test func aRequestWithoutWatchesIsAnsweredAtOnce() throws {
        let session = SessionFixture.session()
        #expect(session.progressRequested(store: 7) == .continueReading)
        let head = try session.next(store: 7).sent.head
        #expect(head == WatchResponseHead(header: SessionFixture.header(7), watchID: -1))
        #expect(session.next(store: 7).isIdle)
    }

    @Test func aRequestWaitsForEveryWatch() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(), store: 7)
        _ = try session.make(.all(from: 3), store: 7)
        _ = session.progressRequested(store: 7)
        try session.readNothing(store: 7)
        #expect(try session.next(store: 7).read.watchID == 1)
        _ = session.readFinished(.events(SessionFixture.slice([3], first: 3, last: 5)))
        #expect(try session.next(store: 7).read.watchID == 1)
        _ = session.readFinished(.events(SessionFixture.slice([6], first: 6, last: 7)))
        #expect(
            try session.next(store: 7).sent.head == WatchResponseHead(header: SessionFixture.header(7), watchID: -1))
    }

    @Test func theAnswerTellsTheRevisionThatAllWatchesWereSent() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(), store: 7)
        _ = try session.make(.all(), store: 7)
        _ = session.progressRequested(store: 9)
        // One watch is sent what the store has at 12; the other's message ends at 10.
        #expect(try session.next(store: 12).read.watchID == 0)
        #expect(session.readFinished(.events(SessionFixture.slice([8], first: 8, last: 12))) != nil)
        #expect(try session.next(store: 12).read.watchID == 1)
        #expect(session.readFinished(.events(SessionFixture.slice([8], first: 8, last: 10))) != nil)
        #expect(try session.next(store: 12).sent.head.header == SessionFixture.header(10))
    }

    @Test func aBusyStoreDoesNotPostponeTheAnswerForEver() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(), store: 7)
        _ = session.progressRequested(store: 9)
        let read = try session.next(store: 20).read
        #expect(read.next == 8)
        _ = session.readFinished(.events(SessionFixture.slice([8], first: 8, last: 12)))
        // 9 is passed, although the store is at 20 and more is to come.
        #expect(
            try session.next(store: 20).sent.head == WatchResponseHead(header: SessionFixture.header(12), watchID: -1))
        #expect(try session.next(store: 20).read.next == 13)
    }

    @Test func requestsThatWaitTogetherShareOneAnswer() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 3), store: 7)
        for _ in 0..<1_000 { #expect(session.progressRequested(store: 7) == .continueReading) }
        try session.readNothing(store: 7)
        #expect(try session.next(store: 7).sent.head.watchID == -1)
        #expect(session.next(store: 7).isIdle)
    }

    @Test func anAnswerDoesNotOvertakeTheRestOfAMessageInParts() throws {
        let session = SessionFixture.session { $0.bytesPerFragment = 1_024 }
        _ = try session.make(.all(from: 4, fragment: true), store: 5)
        _ = session.progressRequested(store: 5)
        _ = try session.next(store: 5).read
        _ = session.readFinished(.events(SessionFixture.slice([4, 5], first: 4, last: 5, valueBytes: 1_000)))
        #expect(try session.next(store: 5).sent.head.watchID == 0)
        #expect(try session.next(store: 5).sent.head.watchID == -1)
    }

    @Test func aWatchFromTheFutureDoesNotPostponeTheAnswer() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 100), store: 7)
        _ = session.progressRequested(store: 7)
        #expect(try session.next(store: 7).sent.head.header == SessionFixture.header(7))
    }

    // MARK: - After an idle interval

    private func quietSession(progress: Bool = true) throws -> TestSession {
        let session = SessionFixture.session(progressInterval: .seconds(10))
        _ = try session.make(.all(progress: progress), store: 7)
        try session.readNothing(store: 7)
        return session
    }

    @Test func aQuietWatchIsToldItsProgressAfterTheIntervalAndNotBefore() throws {
        let session = try quietSession()
        #expect(!session.timePassed(now: .seconds(100)))
        #expect(!session.timePassed(now: .seconds(109.9)))
        #expect(session.next(store: 7).isIdle)
        #expect(session.timePassed(now: .seconds(110)))
        _ = try session.next(store: 7).read
        let message = try #require(session.readFinished(.nothing(upTo: 7)))
        #expect(message.head == WatchResponseHead(header: SessionFixture.header(7), watchID: 0))
        #expect(session.next(store: 7).isIdle)
        // And again one interval later.
        #expect(!session.timePassed(now: .seconds(119)))
        #expect(session.timePassed(now: .seconds(120)))
    }

    @Test func progressReportsTheStoresRevisionAtThatMoment() throws {
        let session = try quietSession()
        _ = session.timePassed(now: .seconds(0))
        #expect(session.timePassed(now: .seconds(10)))
        // Revisions 8 and 9 brought nothing for this watch.
        #expect(try session.next(store: 9).read.next == 8)
        #expect(session.readFinished(.nothing(upTo: 9))?.head.header == SessionFixture.header(9))
    }

    @Test func aWatchThatDidNotAskIsLeftInPeace() throws {
        let session = try quietSession(progress: false)
        #expect(!session.timePassed(now: .seconds(0)))
        #expect(!session.timePassed(now: .seconds(1_000)))
        #expect(session.next(store: 7).isIdle)
    }

    @Test func anEventBeginsTheIntervalAnew() throws {
        let session = try quietSession()
        _ = session.timePassed(now: .seconds(0))
        _ = try session.next(store: 8).read
        #expect(session.readFinished(.events(SessionFixture.slice([8], first: 8, last: 8))) != nil)
        #expect(!session.timePassed(now: .seconds(10)))
        #expect(!session.timePassed(now: .seconds(19)))
        #expect(session.timePassed(now: .seconds(20)))
    }

    @Test func eventsThatCameMeanwhileReplaceTheEmptyMessage() throws {
        let session = try quietSession()
        _ = session.timePassed(now: .seconds(0))
        #expect(session.timePassed(now: .seconds(10)))
        _ = try session.next(store: 8).read
        #expect(session.readFinished(.events(SessionFixture.slice([8], first: 8, last: 8)))?.events != nil)
        #expect(session.next(store: 8).isIdle)
    }

    @Test func progressIsNotToldWhileTheWatchIsBehind() throws {
        let session = try quietSession()
        _ = session.timePassed(now: .seconds(0))
        #expect(session.timePassed(now: .seconds(10)))
        _ = try session.next(store: 900).read
        #expect(session.readFinished(.nothing(upTo: 500)) == nil)
        _ = try session.next(store: 900).read
        #expect(session.readFinished(.nothing(upTo: 900))?.head.header == SessionFixture.header(900))
    }

    @Test func quietRevisionsDoNotBeginTheIntervalAnew() throws {
        let session = try quietSession()
        _ = session.timePassed(now: .seconds(0))
        for revision in 8...20 { try session.readNothing(store: Revision(Int64(revision))) }
        #expect(session.timePassed(now: .seconds(10)))
    }
}

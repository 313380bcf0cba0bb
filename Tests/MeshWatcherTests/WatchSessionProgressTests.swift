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
        #expect(try session.next(store: 7).read.watchID == 1)
        _ = session.readFinished(.events(SessionFixture.slice([3], first: 3, last: 5)))
        #expect(try session.next(store: 7).read.watchID == 1)
        _ = session.readFinished(.events(SessionFixture.slice([6], first: 6, last: 7)))
        #expect(
            try session.next(store: 7).sent.head == WatchResponseHead(header: SessionFixture.header(7), watchID: -1))
    }

    @Test func theAnswerTellsTheRevisionThatAllWatchesWereSent() throws {
        let session = SessionFixture.session()
        session.syncsByItself = false
        _ = try session.make(.all(), store: 7)
        _ = try session.make(WatchCreateRequest(.prefix("k")), store: 7)
        _ = session.progressRequested(store: 9)
        // One watch is sent what the store has at 12; the other's message ends at 10, and so does what the shard knows.
        session.announce([8], first: 8, last: 12, to: session.groups[0].id)
        session.announce([8], first: 8, last: 10, to: session.groups[1].id)
        #expect(try session.next(store: 12).sent.head.watchID == 0)
        #expect(try session.next(store: 12).sent.head.watchID == 1)
        #expect(session.next(store: 12).isIdle)
        session.sync(through: 10)
        let expected = WatchResponseHead(header: SessionFixture.header(10), watchID: -1)
        #expect(try session.next(store: 12).sent.head == expected)
    }

    @Test func aBusyStoreDoesNotPostponeTheAnswerForEver() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(), store: 7)
        session.announce([8], first: 8, last: 12, through: 20)
        _ = session.progressRequested(store: 9)
        #expect(try session.next(store: 20).sent.head.header == SessionFixture.header(12))
        // 9 is passed, although the store is at 20 and more is to come.
        #expect(
            try session.next(store: 20).sent.head == WatchResponseHead(header: SessionFixture.header(12), watchID: -1))
        let read = try session.next(store: 20).read
        #expect(read.next == 13 && read.watchID == nil)
    }

    @Test func requestsThatWaitTogetherShareOneAnswer() throws {
        let session = SessionFixture.session()
        _ = try session.make(.all(from: 3), store: 7)
        for _ in 0..<1_000 { #expect(session.progressRequested(store: 7) == .continueReading) }
        try session.readNothing(store: 7)
        #expect(try session.next(store: 7).sent.head.watchID == -1)
        #expect(session.next(store: 7).isIdle)
        #expect(session.syncRequests == 1)
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
        return session
    }

    @Test func aQuietWatchIsToldItsProgressAfterTheIntervalAndNotBefore() throws {
        let session = try quietSession()
        #expect(!session.timePassed(now: .seconds(100)))
        #expect(!session.timePassed(now: .seconds(109.9)))
        #expect(session.next(store: 7).isIdle)
        #expect(session.timePassed(now: .seconds(110)))
        let head = try session.next(store: 7).sent.head
        #expect(head == WatchResponseHead(header: SessionFixture.header(7), watchID: 0))
        #expect(session.next(store: 7).isIdle)
        // And again one interval later.
        #expect(!session.timePassed(now: .seconds(119)))
        #expect(session.timePassed(now: .seconds(120)))
    }

    @Test func progressReportsTheStoresRevisionAtThatMoment() throws {
        let session = try quietSession()
        _ = session.timePassed(now: .seconds(0))
        // Revisions 8 and 9 brought nothing for this watch.
        #expect(session.timePassed(now: .seconds(10), store: 9))
        #expect(try session.next(store: 9).sent.head.header == SessionFixture.header(9))
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
        session.announce([8], first: 8, last: 8)
        #expect(try session.next(store: 8).sent.events != nil)
        #expect(!session.timePassed(now: .seconds(10)))
        #expect(!session.timePassed(now: .seconds(19)))
        #expect(session.timePassed(now: .seconds(20)))
    }

    @Test func eventsThatCameMeanwhileReplaceTheEmptyMessage() throws {
        let session = try quietSession()
        session.syncsByItself = false
        _ = session.timePassed(now: .seconds(0))
        _ = session.timePassed(now: .seconds(10), store: 8)
        session.announce([8], first: 8, last: 8)
        session.sync(through: 8)
        #expect(try session.next(store: 8).sent.events != nil)
        #expect(session.next(store: 8).isIdle)
    }

    @Test func progressIsNotToldWhileTheWatchIsBehind() throws {
        let session = try quietSession()
        session.syncsByItself = false
        _ = session.timePassed(now: .seconds(0))
        #expect(!session.timePassed(now: .seconds(10), store: 900))
        session.sync(through: 500)
        #expect(session.next(store: 900).isIdle)
        session.sync(through: 900)
        #expect(try session.next(store: 900).sent.head.header == SessionFixture.header(900))
    }

    @Test func quietRevisionsDoNotBeginTheIntervalAnew() throws {
        let session = try quietSession()
        _ = session.timePassed(now: .seconds(0))
        for revision in 8...20 {
            session.announce([], first: Int64(revision), last: Int64(revision))
            #expect(session.next(store: Revision(Int64(revision))).isIdle)
        }
        #expect(session.timePassed(now: .seconds(10)))
    }
}

import MeshCore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

/// A store as a session sees it: its revision, its compaction, and an event or several at some revisions.
private struct ModelStore {
    var revision: Int64 = 1
    var compacted: Int64 = 0
    /// How many events each revision has; the first revision is at index 0.
    var eventCounts: [Int] = [0]

    mutating func commit(_ numbers: inout SplitMix64) {
        revision += 1
        eventCounts.append(Int.random(in: 0..<3, using: &numbers) == 0 ? 0 : Int.random(in: 1...3, using: &numbers))
    }

    func revisions(_ range: ClosedRange<Int64>) -> [Int64] {
        range.flatMap { Array(repeating: $0, count: eventCounts[Int($0) - 1]) }
    }

    /// What a read from `next` finds when a batch has at most `length` revisions.
    func read(from next: Int64, length: Int64) -> WatchReadResult {
        if next < compacted { return .compacted(Revision(compacted)) }
        if next > revision { return .nothing(upTo: Revision(revision)) }
        let last = min(revision, next + length - 1)
        let found = revisions(next...last)
        if found.isEmpty { return .nothing(upTo: Revision(last)) }
        return .events(SessionFixture.slice(found, first: next, last: last, valueBytes: 300))
    }
}

/// What a client knows of one of its watches.
private struct ModelWatch {
    let start: Int64
    /// The first revision that the watch has not been told to be complete.
    var next: Int64
    /// The revisions of the events that came.
    var received: [Int64] = []
    /// Whether the last message was a part, and another must follow.
    var unfinishedParts = false

    /// A header says that everything up to `revision` has been sent.
    mutating func isTold(_ revision: Int64, _ store: ModelStore) {
        guard revision >= next else { return }
        #expect(received.filter { $0 <= revision } == store.revisions(start...revision))
        next = revision + 1
    }
}

@Suite struct WatchSessionModelTests {
    /// Random requests, commits, compactions, reads and ticks; the client's side is checked message by message.
    @Test func noOrderOfEventsBreaksAPromise() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<60 { try Self.play(&numbers) }
        }
    }

    private static func play(_ numbers: inout SplitMix64) throws {
        let session = SessionFixture.session(progressInterval: .seconds(5)) { limits in
            limits.bytesPerFragment = 1_024
            limits.watchesPerStream = 5
            limits.pendingAnswersPerStream = 3
        }
        var store = ModelStore()
        var client = ModelClient()
        var now = Duration.zero
        var isPaused = false
        for _ in 0..<400 {
            switch Int.random(in: 0..<12, using: &numbers) {
            case 0 where !isPaused:
                let request = client.request(&numbers, store: store.revision)
                isPaused = session.createRequested(request, store: Revision(store.revision)) == .pauseReading
                client.pendingCreates.append((request, store.revision))
            case 1 where !isPaused:
                let id = Int64.random(in: 0..<6, using: &numbers)
                isPaused = session.cancelRequested(id, store: Revision(store.revision)) == .pauseReading
            case 2 where !isPaused:
                isPaused = session.progressRequested(store: Revision(store.revision)) == .pauseReading
                client.progressAskedAt = store.revision
            case 3:
                store.compacted = Int64.random(in: store.compacted...store.revision, using: &numbers)
            case 4:
                now += .seconds(1)
                _ = session.timePassed(now: now)
            case 5, 6:
                store.commit(&numbers)
            default:
                try step(session, store, &client, &isPaused, &numbers)
            }
        }
        // Everything that is still owed is sent, and then nothing more.
        var steps = 0
        while try step(session, store, &client, &isPaused, &numbers) {
            steps += 1
            guard steps < 10_000 else { throw UnexpectedAction(description: "the session never comes to rest") }
        }
        #expect(client.pendingCreates.isEmpty)
        #expect(client.progressAskedAt == nil)
        for watch in client.watches.values {
            #expect(
                watch.received == (watch.start > store.revision ? [] : store.revisions(watch.start...store.revision)))
        }
    }

    /// One action of the session; false if it has nothing to do.
    @discardableResult
    private static func step(
        _ session: TestSession,
        _ store: ModelStore,
        _ client: inout ModelClient,
        _ isPaused: inout Bool,
        _ numbers: inout SplitMix64
    ) throws -> Bool {
        switch session.next(store: Revision(store.revision)) {
        case .idle:
            return false
        case .finish:
            throw UnexpectedAction(description: "nobody asked for an end")
        case .fail(let error):
            throw UnexpectedAction(description: "the stream failed: \(error)")
        case .send(let message, let resumesReading):
            if resumesReading { isPaused = false }
            client.take(message, store)
        case .read(let read):
            let length = Int64.random(in: 1...6, using: &numbers)
            let result = store.read(from: read.next.rawValue, length: length)
            if let message = session.readFinished(result) { client.take(message, store) }
        }
        return true
    }
}

/// The client's side: what it asked for, and what every message must fit.
private struct ModelClient {
    var pendingCreates: [(request: WatchCreateRequest, store: Int64)] = []
    var watches: [Int64: ModelWatch] = [:]
    /// The store's revision at the last request for progress that is not answered.
    var progressAskedAt: Int64?

    func request(_ numbers: inout SplitMix64, store: Int64) -> WatchCreateRequest {
        var request = WatchCreateRequest(.all)
        request.startRevision = Revision(Int64.random(in: -1...(store + 3), using: &numbers))
        request.watchID = Int64.random(in: -1..<6, using: &numbers)
        request.fragment = Bool.random(using: &numbers)
        request.progressNotify = Bool.random(using: &numbers)
        return request
    }

    mutating func take(_ message: WatchMessage, _ store: ModelStore) {
        let head = message.head
        let revision = head.header.revision.rawValue
        #expect(revision <= store.revision)
        if head.created { return takeCreated(head) }
        guard head.watchID != -1 else {
            #expect(progressAskedAt != nil, "progress that nobody asked for")
            #expect(revision >= progressAskedAt ?? .max)
            #expect(watches.values.allSatisfy { !$0.unfinishedParts })
            progressAskedAt = nil
            // Every watch has been sent everything up to the revision.
            for id in watches.keys { watches[id]?.isTold(revision, store) }
            return
        }
        guard var watch = watches[head.watchID] else {
            Issue.record("a message of watch \(head.watchID), which is not there")
            return
        }
        if head.canceled {
            #expect(!watch.unfinishedParts)
            #expect(head.compactRevision.rawValue == 0 || head.compactRevision.rawValue > watch.next)
            #expect(watch.received.last ?? 0 <= revision)
            watch.isTold(revision, store)
            watches[head.watchID] = nil
            return
        }
        if let slice = message.events {
            let revisions = slice.events.map { slice.segment.revision(ofEvent: $0).rawValue }
            #expect(revisions.allSatisfy { $0 >= watch.next })
            watch.received += revisions
        }
        watch.unfinishedParts = head.fragment
        if !head.fragment { #expect(watch.received.last ?? 0 <= revision) }
        watch.isTold(revision, store)
        watches[head.watchID] = watch
    }

    private mutating func takeCreated(_ head: WatchResponseHead) {
        guard !pendingCreates.isEmpty else {
            Issue.record("an answer to a create that was not asked for")
            return
        }
        let (request, store) = pendingCreates.removeFirst()
        #expect(head.header.revision.rawValue == store)
        if head.canceled {
            #expect(head.watchID == -1 && !head.cancelReason.isEmpty)
            return
        }
        #expect(request.startRevision >= .none)
        #expect(request.watchID == 0 || request.watchID == head.watchID)
        let start = request.startRevision == .none ? store + 1 : request.startRevision.rawValue
        #expect(watches.updateValue(ModelWatch(start: start, next: start), forKey: head.watchID) == nil)
    }
}

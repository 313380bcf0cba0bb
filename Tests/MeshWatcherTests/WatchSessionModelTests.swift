import MeshCore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

/// A client that knows nothing of groups, and holds every message to what was committed.
@Suite struct WatchSessionModelTests {
    /// Random requests, commits, sweeps of the shard, compactions, reads and ticks; the client's side is checked message
    /// by message.
    @Test func noOrderOfEventsBreaksAPromise() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<60 { try Self.play(&numbers) }
        }
    }

    private static func play(_ numbers: inout SplitMix64) throws {
        var limits = WatcherLimits()
        limits.bytesPerFragment = 1_024
        limits.watchesPerStream = 5
        limits.pendingAnswersPerStream = 3
        var game = SessionGame(
            session: WatchSessionStateMachine(
                identity: SessionFixture.identity,
                readable: KeyRangeSet([.all]),
                settings: WatchSessionSettings(limits, progressInterval: .seconds(5))
            )
        )
        for _ in 0..<400 { try game.play(&numbers) }
        try game.comeToRest(&numbers)
    }
}

/// A session, and the three that it has to do with.
private struct SessionGame: ~Copyable {
    var session: WatchSessionStateMachine
    var store = ModelStore()
    var shard = ModelShard()
    var client = ModelClient()
    var now = Duration.zero
    var isPaused = false

    init(session: consuming WatchSessionStateMachine) {
        self.session = session
    }

    mutating func play(_ numbers: inout SplitMix64) throws {
        let revision = Revision(store.revision)
        switch Int.random(in: 0..<16, using: &numbers) {
        case 0 where !isPaused:
            let request = client.request(&numbers, store: store.revision)
            isPaused = session.createRequested(request, store: revision) == .pauseReading
            client.pendingCreates.append((request, store.revision))
        case 1 where !isPaused:
            let id = Int64.random(in: 0..<6, using: &numbers)
            isPaused = session.cancelRequested(id, store: revision) == .pauseReading
        case 2 where !isPaused:
            isPaused = session.progressRequested(store: revision) == .pauseReading
            client.progressAskedAt = store.revision
        case 3:
            store.compacted = Int64.random(in: store.compacted...store.revision, using: &numbers)
        case 4:
            now += .seconds(1)
            _ = session.timePassed(now: now, store: revision)
        case 5, 6:
            store.commit(&numbers)
        case 7, 8:
            shard.sweepOn(store, &numbers)
        case 9, 10:
            shard.deliver(to: &session)
        default:
            _ = try step(&numbers)
        }
        shard.settle(&session, store)
    }

    /// Sends everything that is still owed, and then nothing more.
    mutating func comeToRest(_ numbers: inout SplitMix64) throws {
        var quietRounds = 0
        var steps = 0
        while quietRounds < 10 {
            quietRounds += 1
            if try step(&numbers) { quietRounds = 0 }
            shard.sweepOn(store, &numbers)
            shard.deliver(to: &session)
            shard.settle(&session, store)
            if shard.hasWork(store) { quietRounds = 0 }
            steps += 1
            guard steps < 20_000 else { throw UnexpectedAction(description: "the session never comes to rest") }
        }
        #expect(client.pendingCreates.isEmpty)
        let progress = session.progress
        #expect(client.progressAskedAt == nil, "\(progress)")
        for watch in client.watches.values {
            let isDue = watch.start <= store.revision
            let owed = isDue ? store.revisions(of: watch.subscription, watch.start...store.revision) : []
            #expect(watch.received == owed)
        }
    }

    /// One action of the session; false if it has nothing to do.
    private mutating func step(_ numbers: inout SplitMix64) throws -> Bool {
        defer { shard.settle(&session, store) }
        switch session.next(store: Revision(store.revision)) {
        case .idle:
            // Nobody asks again before something happens.
            #expect(session.next(store: Revision(store.revision)).isIdle)
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
            let result = store.read(read.subscription, from: read.next.rawValue, length: length)
            if let message = session.readFinished(result) { client.take(message, store) }
        }
        return true
    }
}

/// What a client knows of one of its watches.
private struct ModelWatch {
    let subscription: WatchSubscription
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
        #expect(received.filter { $0 <= revision } == store.revisions(of: subscription, start...revision))
        next = revision + 1
    }
}

/// The client's side: what it asked for, and what every message must fit.
private struct ModelClient {
    var pendingCreates: [(request: WatchCreateRequest, store: Int64)] = []
    var watches: [Int64: ModelWatch] = [:]
    /// The store's revision at the last request for progress that is not answered.
    var progressAskedAt: Int64?

    func request(_ numbers: inout SplitMix64, store: Int64) -> WatchCreateRequest {
        var request = WatchCreateRequest(ModelStore.subscriptions.randomElement(using: &numbers)?.range ?? .all)
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
        let watch = ModelWatch(subscription: WatchSubscription(request.range), start: start, next: start)
        #expect(watches.updateValue(watch, forKey: head.watchID) == nil)
    }
}

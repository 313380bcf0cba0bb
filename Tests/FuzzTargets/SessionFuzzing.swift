import ClusterMeshTestKit
import MeshCore
import MeshStore
import MeshWatcher
import MeshWire

/// Plays any order of requests, writes, compactions, ticks and sends with the session of a stream, over a store of its
/// own, and holds what every watch was sent to what etcd promises.
enum SessionFuzzing {
    /// The most steps of one input; what follows is passed over.
    static let maximumSteps = 512

    /// Each step is a byte that chooses it, and the bytes of its parameters.
    static func run(_ input: [UInt8]) throws(FuzzFinding) {
        var input = FuzzInput(input)
        var play = SessionPlay()
        var steps = 0
        while steps < maximumSteps, let choice = input.byte() {
            steps += 1
            switch choice % 16 {
            case 0: play.create(&input)
            case 1: play.cancel(&input)
            case 2: play.askForProgress()
            case 3: play.finishAsking(unless: input.number(below: 8) > 0)
            case 4: play.letTimePass(seconds: input.number(below: 16))
            case 5, 6: try play.write(&input)
            case 7: try play.compact(&input)
            case 8: play.changeAccess(&input)
            case 9: play.sweep(&input)
            case 10, 11: play.hearFromShard()
            default: _ = try play.send()
            }
        }
        try play.finish()
    }
}

/// One stream of watches with its store and its client.
private struct SessionPlay: ~Copyable {
    private static let ranges: [KeyRange] = [
        .all, .prefix("k/"), .key("k/1"), .from("k/2"), .interval("b", "a"), .key("x"),
    ]

    private let store = KVStore(identity: StoreIdentity(clusterID: 1, memberID: 2))
    private let segments: SegmentCache
    private var session: WatchSessionStateMachine
    private var shard: FuzzedShard
    /// The message that is sent next.
    private var prepared: WatchMessage?
    private var client = SessionClient()
    private var now = Duration.zero
    private var isPaused = false
    private var hasFinishedAsking = false

    init() {
        var limits = WatcherLimits()
        limits.eventsPerBatch = 3
        limits.bytesPerBatch = 1_024
        limits.bytesPerFragment = 1_024
        limits.watchesPerStream = 4
        limits.pendingAnswersPerStream = 3
        limits.sharedSegments = 4
        segments = SegmentCache(reader: store.reader, limits: limits)
        session = WatchSessionStateMachine(
            identity: store.identity,
            // All keys that are written; a watch of all keys there are is refused.
            readable: KeyRangeSet([.from("k/")]),
            settings: WatchSessionSettings(limits, progressInterval: .seconds(5))
        )
        shard = FuzzedShard(reader: store.reader, segments: segments)
    }

    private var mayAsk: Bool { !isPaused && !hasFinishedAsking }

    mutating func create(_ input: inout FuzzInput) {
        var request = WatchCreateRequest(input.one(of: Self.ranges))
        request.startRevision = Revision(Int64(input.number(below: 40)) - 1)
        request.watchID = Int64(input.number(below: 6)) - 1
        let wishes = input.byte() ?? 0
        request.fragment = wishes & 1 != 0
        request.progressNotify = wishes & 2 != 0
        request.options.previousPairs = wishes & 4 != 0
        request.options.includesPuts = wishes & 8 == 0
        request.options.includesDeletes = wishes & 16 == 0
        guard mayAsk else { return }
        client.asked(for: request)
        isPaused = session.createRequested(request, store: store.revision) == .pauseReading
        shard.settle(&session)
    }

    mutating func cancel(_ input: inout FuzzInput) {
        let id = Int64(input.number(below: 6)) - 1
        guard mayAsk else { return }
        isPaused = session.cancelRequested(id, store: store.revision) == .pauseReading
        shard.settle(&session)
    }

    mutating func askForProgress() {
        guard mayAsk else { return }
        isPaused = session.progressRequested(store: store.revision) == .pauseReading
        shard.settle(&session)
    }

    mutating func finishAsking(unless goesOn: Bool) {
        guard mayAsk, !goesOn else { return }
        hasFinishedAsking = true
        session.clientFinished(store: store.revision)
        shard.settle(&session)
    }

    mutating func letTimePass(seconds: Int) {
        now += .seconds(seconds)
        _ = session.timePassed(now: now, store: store.revision)
        shard.settle(&session)
    }

    mutating func write(_ input: inout FuzzInput) throws(FuzzFinding) {
        var steps: [Key: WriteHistory.Change] = [:]
        for _ in 0...input.number(below: 4) {
            let key = Key("k/\(input.number(below: 4))")
            let size = input.number(below: 256) * 4
            steps[key] = size % 3 == 0 ? .delete(.key(key)) : .put(key, Array(repeating: 7, count: size))
        }
        let changes = steps.sorted { $0.key < $1.key }.map(\.value)
        let before = store.revision
        do {
            let answer = try store.perform(
                TransactionRequest(
                    success: changes.map { change in
                        switch change {
                        case .put(let key, let value, _): .put(PutRequest(key, value))
                        case .delete(let range): .delete(DeleteRequest(range))
                        }
                    }
                )
            )
            if answer.revision > before { client.writes.record(at: answer.revision, changes) }
        } catch {
            throw FuzzFinding("\(changes) was refused: \(error)")
        }
    }

    mutating func compact(_ input: inout FuzzInput) throws(FuzzFinding) {
        let revision = Revision(store.revision.rawValue - Int64(input.number(below: 8)))
        guard revision > client.writes.compactedRevision else { return }
        do {
            try store.compact(to: revision)
        } catch {
            throw FuzzFinding("a compaction to \(revision) at \(store.revision) was refused: \(error)")
        }
        client.writes.compactedRevision = revision
    }

    /// The peer may watch all keys that are written, or some, or none.
    mutating func changeAccess(_ input: inout FuzzInput) {
        let readable = input.one(of: [KeyRangeSet([.from("k/")]), KeyRangeSet([.from("k/2")]), KeyRangeSet()])
        let action = session.accessChanged(to: readable, prepared: prepared, store: store.revision)
        if action.dropsPrepared { prepared = nil }
        shard.settle(&session)
    }

    /// The shard finds out what is new, and sends word of some of it, which is on its way then.
    mutating func sweep(_ input: inout FuzzInput) {
        let choice = input.byte() ?? 0
        if choice & 1 == 0 { shard.match() }
        shard.announce(everyOther: choice & 2 != 0)
        if choice & 4 == 0 { shard.sumUp() }
    }

    /// What the shard sent word of first arrives.
    mutating func hearFromShard() {
        shard.deliver(to: &session)
        shard.settle(&session)
    }

    /// Sends one message, and prepares the next one as the stream's driver does; false if there is none.
    mutating func send() throws(FuzzFinding) -> Bool {
        if prepared == nil { prepared = try nextMessage() }
        guard let message = prepared else { return false }
        try client.received(message)
        prepared = try nextMessage()
        return true
    }

    /// The session's next message; `nil` if it has nothing to do, or is done.
    private mutating func nextMessage() throws(FuzzFinding) -> WatchMessage? {
        // A read makes no watch wait for the same revisions again.
        for _ in 0..<10_000 {
            defer { shard.settle(&session) }
            switch session.next(store: store.revision) {
            case .idle:
                // Nobody asks again before something happens.
                guard case .idle = session.next(store: store.revision) else {
                    throw FuzzFinding("the session is idle, but has more to do")
                }
                return nil
            case .finish:
                guard hasFinishedAsking else { throw FuzzFinding("the stream ended, but the client had not") }
                return nil
            case .fail(let error):
                throw FuzzFinding("the stream failed: \(error)")
            case .send(let message, let resumesReading):
                if resumesReading { isPaused = false }
                return message
            case .read(let read):
                let result = segments.read(read.subscription, from: read.next)
                if let message = session.readFinished(result) { return message }
            }
        }
        throw FuzzFinding("the session reads for ever")
    }

    /// Sends everything that is still owed, and judges.
    mutating func finish() throws(FuzzFinding) {
        var steps = 0
        while true {
            let hasSent = try send()
            shard.match()
            shard.announce(everyOther: false)
            shard.sumUp()
            let hasHeard = shard.deliver(to: &session)
            shard.settle(&session)
            if !hasSent, !hasHeard, !shard.isOwedASum { break }
            steps += 1
            guard steps < 20_000 else { throw FuzzFinding("the session never comes to rest") }
        }
        guard !isPaused else { throw FuzzFinding("the session is at rest, but reads no more requests") }
        try client.judge(at: store.revision, hasEnded: hasFinishedAsking)
    }
}

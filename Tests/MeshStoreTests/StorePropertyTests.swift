import MeshCore
import TestSupport
import Testing

@testable import MeshStore

/// The engine does what the model does, over long random histories.
@Suite struct StorePropertyTests {
    @Test func answersAsTheModelDoes() async throws {
        try await withRandomNumbers { numbers in
            var run = PropertyRun(numbers, configuration: KVStoreConfiguration())
            try await run.steps(15_000)
            run.checkWholeHistory()
        }
    }

    @Test func answersAsTheModelDoesWhileHistoryIsBounded() async throws {
        try await withRandomNumbers { numbers in
            var configuration = KVStoreConfiguration()
            configuration.maximumHistoryChanges = Int.random(in: 0...600, using: &numbers)
            configuration.maximumHistoryBytes = Int.random(in: 0...20_000, using: &numbers)
            if Bool.random(using: &numbers) {
                configuration.maximumHistoryRevisions = Int.random(in: 0...300, using: &numbers)
            }
            var run = PropertyRun(numbers, configuration: configuration)
            try await run.steps(10_000)
            run.checkWholeHistory()
        }
    }
}

/// One history that engine and model go through side by side.
private struct PropertyRun {
    var random: RandomRequests
    var engine: StoreEngine
    var model = ModelStore()
    /// Cursors that follow along, each with its own view of what the model has for it.
    var cursors: [WatchCursor] = []
    var kept: [(snapshot: StoreEngine, model: ModelStore)] = []

    init(_ numbers: SplitMix64, configuration: KVStoreConfiguration) {
        random = RandomRequests(numbers)
        engine = StoreEngine(configuration: configuration)
    }

    mutating func steps(_ count: Int) async throws {
        for step in 0..<count {
            try self.step()
            // Other tests share the threads.
            if step % 32 == 0 { await Task.yield() }
        }
    }

    private mutating func step() throws {
        switch random.number(0...109) {
        case 100...109: try leaseStep()
        case 0...39:
            let request = random.put()
            try compare(request, { (engine: inout StoreEngine) throws(EtcdError) in try engine.put(request) }) {
                (model: inout ModelStore) throws(EtcdError) in try model.put(request)
            }
        case 40...54:
            let request = random.delete()
            try compare(request, { (engine: inout StoreEngine) throws(EtcdError) in try engine.delete(request) }) {
                (model: inout ModelStore) throws(EtcdError) in model.delete(request)
            }
        case 55...69:
            let request = random.transaction(model.compacted, model.revision)
            try compare(request, { (engine: inout StoreEngine) throws(EtcdError) in try engine.perform(request) }) {
                (model: inout ModelStore) throws(EtcdError) in try model.perform(request)
            }
        case 70...84:
            let request = random.read(model.compacted, model.revision)
            try compare(request, { (engine: inout StoreEngine) throws(EtcdError) in try engine.range(request) }) {
                (model: inout ModelStore) throws(EtcdError) in
                try model.checkRevision(request.revision)
                return model.range(request, now: model.revision)
            }
        case 85:
            // Never far: a history of some hundred revisions is what the other operations need.
            let target = Revision(max(model.compacted, model.revision - 600) + Int64(random.number(-1...400)))
            try compare(target, { (engine: inout StoreEngine) throws(EtcdError) in try engine.compact(to: target) }) {
                (model: inout ModelStore) throws(EtcdError) in try model.compact(to: target)
            }
        case 86...96: watch()
        case 97: keepSnapshot()
        default: checkState()
        }
    }

    private mutating func leaseStep() throws {
        switch random.number(0...9) {
        case 0...2:
            let request = random.grant()
            let now = model.now
            var numbers = random.numbers
            var chosen: LeaseID?
            try compare(request) { (engine: inout StoreEngine) throws(EtcdError) in
                let answer = try engine.grantLease(request, now: now, using: &numbers)
                chosen = answer.id
                return answer
            } _: { (model: inout ModelStore) throws(EtcdError) in
                try model.grant(request, chosen: chosen)
            }
            random.numbers = numbers
        case 3:
            let id = random.lease()
            try compare(id, { (engine: inout StoreEngine) throws(EtcdError) in try engine.revokeLease(id) }) {
                (model: inout ModelStore) throws(EtcdError) in try model.revoke(id)
            }
        case 4...5:
            let id = random.lease()
            let now = model.now
            try compare(id, { (engine: inout StoreEngine) in engine.keepLeaseAlive(id, now: now) }) {
                (model: inout ModelStore) in model.keepAlive(id)
            }
        case 6:
            let id = random.lease()
            #expect(engine.timeToLive(of: id, keys: true, now: model.now) == model.timeToLive(id))
            #expect(engine.leaseList(now: model.now).leases == model.leaseList())
        case 7 where random.chance(20):
            if model.isTimeRunning { engine.leases.endTime() } else { engine.leases.beginTime(at: model.now) }
            model.setTimeRunning(!model.isTimeRunning)
        default:
            model.now += .milliseconds(random.number(0...10_000))
            try letLeasesEnd()
        }
        if let broken = engine.leases.brokenInvariant() { Issue.record("\(broken)") }
    }

    private mutating func letLeasesEnd() throws {
        for id in engine.leases.overdue(at: model.now) { engine.expireLease(id, now: model.now) }
        model.expire()
        try followBounds()
    }

    /// Ends the run at the first difference: all later ones would follow from it.
    private mutating func compare<Request, Answer: Equatable>(
        _ request: Request,
        _ inEngine: (inout StoreEngine) throws(EtcdError) -> Answer,
        _ inModel: (inout ModelStore) throws(EtcdError) -> Answer
    ) throws {
        let actual = Result { () throws(EtcdError) in try inEngine(&engine) }
        let expected = Result { () throws(EtcdError) in try inModel(&model) }
        try #require(actual == expected, "to \(request)")
        try followBounds()
    }

    private mutating func compare<Request>(
        _ request: Request,
        _ inEngine: (inout StoreEngine) throws(EtcdError) -> Void,
        _ inModel: (inout ModelStore) throws(EtcdError) -> Void
    ) throws {
        try compare(
            request,
            { (engine: inout StoreEngine) throws(EtcdError) -> Bool in
                try inEngine(&engine)
                return true
            }
        ) { (model: inout ModelStore) throws(EtcdError) -> Bool in
            try inModel(&model)
            return true
        }
    }

    /// The model does not bound its history: it takes over how far the engine has compacted, which is checked here.
    private mutating func followBounds() throws {
        try #require(engine.revision.rawValue == model.revision)
        #expect(engine.compactedRevision.rawValue >= model.compacted)
        #expect(engine.compactedRevision <= engine.revision)
        model.forget(before: engine.compactedRevision.rawValue)
        let configuration = engine.configuration
        let isInBounds =
            engine.history.count <= configuration.maximumHistoryChanges
            && engine.history.bytes <= configuration.maximumHistoryBytes
        #expect(isInBounds || engine.compactedRevision == engine.revision)
        if let maximum = configuration.maximumHistoryRevisions {
            #expect(engine.revision.rawValue - max(1, engine.compactedRevision.rawValue) <= maximum)
        }
    }

    private mutating func watch() {
        if cursors.isEmpty || random.chance(20) {
            cursors.append(random.cursor(model.compacted, model.revision))
            if cursors.count > 12 { cursors.removeFirst() }
        }
        let place = random.number(0...(cursors.count - 1))
        let before = cursors[place]
        let maximumEvents = random.number(1...40)
        let maximumBytes = random.number(1...2_000)
        let step = engine.step(&cursors[place], maximumEvents: maximumEvents, maximumBytes: maximumBytes)
        let after = cursors[place]
        guard before.next != .none else {
            #expect(step == .idle(upTo: engine.revision))
            #expect(after.next == engine.revision.next)
            return
        }
        guard let expected = model.events(for: before) else {
            #expect(step == .compacted(Revision(model.compacted)))
            #expect(after == before)
            cursors.remove(at: place)
            return
        }
        switch step {
        case .events(let batch):
            // Exactly the events up to the batch's revision, and no revision torn apart.
            #expect(batch.events == expected.filter { $0.revision <= batch.revision })
            #expect(!batch.events.isEmpty)
            #expect(after.next == batch.revision.next)
            let size = batch.events.reduce(0) { $0 + $1.pair.encoded.count + ($1.previous?.encoded.count ?? 0) }
            let isOneRevision = batch.events.first?.revision == batch.events.last?.revision
            #expect(isOneRevision || (batch.events.count <= maximumEvents && size <= maximumBytes))
        case .skipped(let revision):
            #expect(expected.allSatisfy { $0.revision > revision })
            #expect(after.next == revision.next)
        case .idle(let revision):
            #expect(expected.isEmpty)
            #expect(revision == engine.revision)
            #expect(after.next == max(before.next, revision.next))
        case .compacted:
            Issue.record("a watch from \(before.next) ended as compacted at \(model.compacted)")
        }
    }

    /// Keeps a copy, to see later that nothing done to the original has changed it.
    private mutating func keepSnapshot() {
        kept.append((engine, model))
        guard kept.count > 3 else { return }
        let old = kept.removeFirst()
        for _ in 0..<5 {
            let request = random.read(old.model.compacted, old.model.revision)
            let actual = Result { () throws(EtcdError) in try old.snapshot.range(request) }
            let expected = Result { () throws(EtcdError) in
                try old.model.checkRevision(request.revision)
                return old.model.range(request, now: old.model.revision)
            }
            #expect(actual == expected)
        }
    }

    private func checkState() {
        if let broken = engine.index.brokenInvariant() { Issue.record("\(broken)") }
        let kept = model.events.filter { $0.revision.rawValue >= model.compacted }
        #expect(engine.history.count == kept.count)
        #expect(engine.history.bytes == kept.reduce(0) { $0 + $1.pair.encoded.count })
        let past = kept.reduce(0) { sum, event in
            let revision = event.revision.rawValue
            let before = model.pair(event.pair.key.bytes, at: revision - 1)
            return sum + (before?.encoded.count ?? 0) + (event.kind == .delete ? event.pair.encoded.count : 0)
        }
        let live = model.keys(in: .all).compactMap { model.pair($0, at: model.revision) }
        #expect(engine.storedBytes == past + live.reduce(0) { $0 + $1.encoded.count })
        // Nothing is remembered of keys that no readable revision has.
        var remembered = 0
        engine.index.visit(.all, liveOnly: false) { _ in
            remembered += 1
            return true
        }
        let expected = model.histories.values.count { history in
            guard let last = history.last else { return false }
            return last.pair != nil || last.revision >= model.compacted
        }
        #expect(remembered == expected)
    }

    /// Every readable revision, whole.
    func checkWholeHistory() {
        checkState()
        for revision in max(1, model.compacted)...model.revision {
            var request = RangeRequest(.all)
            request.revision = Revision(revision)
            let actual = Result { () throws(EtcdError) in try engine.range(request) }
            #expect(actual == .success(model.range(request, now: model.revision)))
        }
    }
}

import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct StoreChangesTests {
    private struct Seen: Equatable {
        var key: Key
        var revision: Revision
        var kind: WatchEvent.Kind = .put
    }

    private func visit(_ changes: StoreChanges, from position: inout Int, maximum: Int = 100) -> (Revision?, [Seen]) {
        var seen: [Seen] = []
        let complete = changes.visit(from: &position, maximum: maximum) { key, revision, kind in
            var bytes: [UInt8] = []
            for index in key.indices { bytes.append(key[index]) }
            seen.append(Seen(key: Key(bytes), revision: revision, kind: kind))
        }
        return (complete, seen)
    }

    @Test func showsEveryChangeOnceAndInOrder() throws {
        let store = KVStore()
        var position = store.reader.changes.endPosition
        try store.put("a", "1")
        try store.put("b", "1")
        var (complete, seen) = visit(store.reader.changes, from: &position)
        #expect(complete == 3)
        #expect(seen == [Seen(key: "a", revision: 2), Seen(key: "b", revision: 3)])
        (complete, seen) = visit(store.reader.changes, from: &position)
        #expect(complete == 3 && seen.isEmpty)
        try store.delete(.key("a"))
        (complete, seen) = visit(store.reader.changes, from: &position)
        #expect(complete == 4)
        #expect(seen == [Seen(key: "a", revision: 4, kind: .delete)])
    }

    @Test func canStopInTheMiddleOfARevision() throws {
        let store = KVStore()
        var position = store.reader.changes.endPosition
        try store.put("first", "1")
        try store.transaction { for number in 0..<5 { $0.put(Key("k\(number)"), "1") } }
        let changes = store.reader.changes
        var (complete, seen) = visit(changes, from: &position, maximum: 3)
        #expect(complete == 2, "the third revision is not complete")
        #expect(seen.map(\.key) == ["first", "k0", "k1"])
        (complete, seen) = visit(changes, from: &position, maximum: 2)
        #expect(complete == 2)
        #expect(seen.map(\.key) == ["k2", "k3"])
        (complete, seen) = visit(changes, from: &position, maximum: 0)
        #expect(complete == 3)
        #expect(seen.map(\.key) == ["k4"], "at least one, whatever is asked for")
    }

    @Test func saysThatHistoryDoesNotReachBack() throws {
        let store = KVStore()
        let start = store.reader.changes.endPosition
        for number in 0..<10 { try store.put("k", "\(number)") }
        try store.compact(to: 6)
        var position = start
        let (complete, seen) = visit(store.reader.changes, from: &position)
        #expect(complete == nil && seen.isEmpty && position == start)
    }

    @Test func aReplicasRevisionsWithoutChangesAreComplete() throws {
        let store = ReplicatedStore()
        store.reset(to: [KeyValue](), at: 5, identity: StoreIdentity(clusterID: 1, memberID: 1), raftTerm: 1)
        var position = store.reader.changes.endPosition
        store.advance(to: 9)
        #expect(visit(store.reader.changes, from: &position).0 == 9)
    }

    @Test func staysAsItWasWhileTheStoreGoesOn() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumHistoryChanges = 100
        let store = KVStore(configuration: configuration)
        for number in 0..<90 { try store.put(Key("k\(number)"), "1") }
        let changes = store.reader.changes
        for number in 0..<500 { try store.put(Key("other\(number)"), "1") }
        var position = changes.endPosition - 90
        let (complete, seen) = visit(changes, from: &position)
        #expect(complete == 91)
        #expect(seen.map(\.key) == (0..<90).map { Key("k\($0)") })
    }

    @Test func readersOfChangesAndWritersGoOnAtOnce() async throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumHistoryChanges = 1_000
        let store = KVStore(configuration: configuration)
        try await within(.seconds(60), "writing and looking at once") {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<6_000 {
                        try store.put(Key("k\(number % 100)"), "\(number)")
                        if number % 64 == 0 { await Task.yield() }
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        var position = store.reader.changes.endPosition
                        var last = store.revision
                        while store.revision < 6_001 {
                            let changes = store.reader.changes
                            let complete = changes.visit(from: &position, maximum: 50) { _, revision, _ in
                                #expect(revision >= last)
                                last = revision
                            }
                            if complete == nil { position = changes.endPosition }
                            await Task.yield()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    // MARK: - One key

    /// The changes of one key are found along its links; those of the interval that holds nothing else, by walking.
    @Test func aKeysOwnChangesAreThoseThatAWalkFinds() async throws {
        try await withRandomNumbers { numbers in
            var random = RandomRequests(numbers)
            var configuration = KVStoreConfiguration()
            configuration.maximumHistoryChanges = 4_000
            var engine = StoreEngine(configuration: configuration)
            for round in 0..<6_000 {
                switch random.number(0...9) {
                case 0...4: _ = try? engine.put(random.put())
                case 5: _ = try? engine.delete(random.delete())
                case 6...7: _ = try? engine.perform(random.transaction(1, engine.revision.rawValue))
                default:
                    // One key that changes far more often than the others.
                    for _ in 0..<random.number(1...5) { _ = try engine.put(PutRequest("hot", random.value())) }
                }
                if round % 10 == 0 { compare(engine, &random) }
                if round % 64 == 0 { await Task.yield() }
            }
        }
    }

    private func compare(_ engine: StoreEngine, _ random: inout RandomRequests) {
        let key = random.chance(30) ? "hot" : random.key()
        let some = random.cursor(engine.compactedRevision.rawValue, engine.revision.rawValue)
        guard some.next != .none else { return }
        let (events, bytes) = (random.number(1...100), random.number(1...3_000))
        let interval = KeyRange.interval(key, key.successor)
        let linked = run(engine, WatchCursor(.key(key), from: some.next, options: some.options), events, bytes)
        let walked = run(engine, WatchCursor(interval, from: some.next, options: some.options), events, bytes)
        #expect(linked == walked, "\(key) from \(some.next) at \(engine.revision)")
    }

    /// All that a cursor meets until it is idle: the same whatever the batches are.
    private func run(_ engine: StoreEngine, _ cursor: WatchCursor, _ events: Int, _ bytes: Int) -> [WatchEvent]? {
        var cursor = cursor
        var all: [WatchEvent] = []
        while true {
            switch engine.step(&cursor, maximumEvents: events, maximumBytes: bytes) {
            case .events(let batch):
                #expect(all.last.map { $0.revision < batch.events[0].revision } ?? true, "a revision was torn apart")
                all += batch.events
                #expect(cursor.next == batch.revision.next)
            case .skipped: continue
            case .idle(let revision):
                #expect(revision == engine.revision)
                return all
            case .compacted: return nil
            }
        }
    }

    @Test func aKeysFewChangesAreFoundInOneStepThroughALongHistory() throws {
        var engine = StoreEngine()
        _ = try engine.put(PutRequest("key", []))
        for _ in 0..<(2 * StoreChanges.maximumChangesPerStep) { _ = try engine.put(PutRequest("other", [])) }
        _ = try engine.put(PutRequest("key", []))
        var cursor = WatchCursor(.key("key"), from: 2)
        guard case .events(let batch) = engine.step(&cursor, maximumEvents: 10, maximumBytes: 1_000) else {
            Issue.record("the key's changes were not found at once")
            return
        }
        #expect(batch.events.map(\.revision) == [2, engine.revision])
        #expect(batch.revision == engine.revision)
        cursor = WatchCursor(.key("none"), from: 2)
        #expect(engine.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .idle(upTo: engine.revision))
    }

    @Test func aKeysManyChangesThatAreNotWantedAreAStepThatIsCut() throws {
        var engine = StoreEngine()
        for _ in 0..<(StoreChanges.maximumChangesPerStep + 10) { _ = try engine.put(PutRequest("key", [])) }
        _ = try engine.delete(DeleteRequest(.key("key")))
        var options = WatchOptions()
        options.includesPuts = false
        var cursor = WatchCursor(.key("key"), from: 2, options: options)
        guard case .skipped(let revision) = engine.step(&cursor, maximumEvents: 1, maximumBytes: 1) else {
            Issue.record("a step over many changes was not cut")
            return
        }
        #expect(cursor.next == revision.next)
        guard case .events(let batch) = engine.step(&cursor, maximumEvents: 1, maximumBytes: 1) else {
            Issue.record("the deletion was not found")
            return
        }
        #expect(batch.events.map(\.kind) == [.delete])
    }
}

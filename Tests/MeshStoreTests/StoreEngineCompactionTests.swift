import MeshCore
import Testing

@testable import MeshStore

@Suite struct StoreEngineCompactionTests {
    private func engine(puts: Int, configuration: KVStoreConfiguration = KVStoreConfiguration()) throws -> StoreEngine {
        var engine = StoreEngine(configuration: configuration)
        for number in 0..<puts { _ = try engine.put(PutRequest("key/\(number % 10)", [UInt8(number & 0xFF)])) }
        return engine
    }

    private func read(_ engine: StoreEngine, at revision: Revision) throws -> RangeAnswer {
        var request = RangeRequest(.all)
        request.revision = revision
        return try engine.range(request)
    }

    @Test func refusesWhatIsCompactedAndWhatIsNotYetThere() throws {
        var engine = try engine(puts: 20)
        try engine.compact(to: 10)
        #expect(throws: EtcdError.compacted) { try engine.compact(to: 10) }
        #expect(throws: EtcdError.compacted) { try engine.compact(to: 3) }
        #expect(throws: EtcdError.compacted) { try engine.compact(to: .none) }
        #expect(throws: EtcdError.compacted) { try engine.compact(to: -1) }
        #expect(throws: EtcdError.futureRevision) { try engine.compact(to: 22) }
        try engine.compact(to: 21)
        #expect(engine.compactedRevision == 21)
    }

    @Test func leavesTheCompactedRevisionAndAllAfterItReadable() throws {
        var engine = try engine(puts: 50)
        let before = try (30...51).map { try read(engine, at: Revision($0)) }
        try engine.compact(to: 30)
        #expect(try (30...51).map { try read(engine, at: Revision($0)) } == before)
        #expect(throws: EtcdError.compacted) { try read(engine, at: 29) }
    }

    @Test func forgetsDeletedKeysOnceNobodyCanSeeThem() throws {
        var engine = try engine(puts: 10)
        _ = try engine.delete(DeleteRequest(.key("key/0")))
        _ = try engine.delete(DeleteRequest(.key("key/1")))
        _ = try engine.put(PutRequest("key/1", [7]))
        #expect(engine.index["key/0"]?.isLive == false)
        try engine.compact(to: 12)
        #expect(engine.index["key/0"] != nil, "a watch from the compacted revision still sees the deletion")
        try engine.compact(to: 14)
        #expect(engine.index["key/0"] == nil)
        #expect(engine["key/1"]?.version == 1)
        #expect(engine.index.brokenInvariant() == nil)
    }

    @Test func keepsHistoryInItsBoundOfChanges() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumHistoryChanges = 100
        var engine = StoreEngine(configuration: configuration)
        for number in 0..<1_000 {
            _ = try engine.put(PutRequest("key/\(number % 10)", []))
            #expect(engine.history.count <= 100)
        }
        #expect(engine.history.count > 80, "no more than needed is dropped, and a batch")
        #expect(engine.compactedRevision > .none)
        #expect(throws: EtcdError.compacted) { try read(engine, at: engine.compactedRevision.previous) }
        #expect(try read(engine, at: engine.compactedRevision).count == 10)
    }

    @Test func keepsHistoryInItsBoundOfBytes() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumHistoryBytes = 10_000
        var engine = StoreEngine(configuration: configuration)
        for number in 0..<500 {
            _ = try engine.put(PutRequest("key/\(number % 10)", [UInt8](repeating: 1, count: 500)))
            #expect(engine.history.bytes <= 10_000)
        }
        #expect(engine.history.bytes > 5_000)
    }

    @Test func keepsHistoryInItsBoundOfRevisions() throws {
        for bound in [0, 1, 7, 100, 3_000] {
            var configuration = KVStoreConfiguration()
            configuration.maximumHistoryRevisions = bound
            var engine = StoreEngine(configuration: configuration)
            var least = Int64.max
            for number in 0..<4_000 {
                _ = try engine.put(PutRequest("key/\(number % 10)", []))
                let readable = engine.revision.rawValue - max(1, engine.compactedRevision.rawValue)
                #expect(readable <= bound)
                if engine.compactedRevision > .none { least = min(least, readable) }
            }
            #expect(least >= bound - min(256, bound / 8), "no more than a batch is dropped too early")
        }
    }

    @Test func goesTowardsARevisionInPartsOfWholeRevisions() throws {
        var engine = StoreEngine()
        for number in 0..<10 {
            let puts = (0..<10).map { TransactionRequest.Operation.put(PutRequest("key/\(number)/\($0)", [])) }
            _ = try engine.perform(TransactionRequest(success: puts))
        }
        func compact(_ revision: Revision, _ changes: Int) -> Bool {
            engine.compact(towards: revision, maximumChanges: changes)
        }
        // Revisions 2…11 of ten changes each; 25 changes are two revisions and a half.
        #expect(compact(9, 25))
        #expect(engine.compactedRevision == 4)
        #expect(engine.history.count == 80)
        #expect(compact(9, 1), "at least one")
        #expect(engine.compactedRevision == 5)
        #expect(!compact(9, 1_000))
        #expect(engine.compactedRevision == 9)
        #expect(!compact(9, 10))
        #expect(!compact(3, 10))
        #expect(!compact(99, 1_000), "no further than the present revision")
        #expect(engine.compactedRevision == 11)
        #expect(engine.history.count == 10)
        #expect(try read(engine, at: 11).count == 100)
    }

    @Test func keepsTheLastRevisionWhateverItsSize() throws {
        for bound in [0, 1, 5] {
            var configuration = KVStoreConfiguration()
            configuration.maximumHistoryChanges = bound
            var engine = StoreEngine(configuration: configuration)
            _ = try engine.perform(
                TransactionRequest(success: (0..<20).map { .put(PutRequest("key/\($0)", [])) })
            )
            #expect(engine.history.count == 20)
            var cursor = WatchCursor(.all, from: 2)
            guard case .events(let batch) = engine.step(&cursor, maximumEvents: 1, maximumBytes: 1) else {
                Issue.record("the last revision can't be watched")
                continue
            }
            #expect(batch.events.count == 20)
            _ = try engine.put(PutRequest("key/0", []))
            #expect(engine.history.count == 1)
            #expect(engine.compactedRevision == 3)
        }
    }

    @Test func anIdleStoreKeepsTheRevisionThatItsBoundWouldDrop() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumHistoryBytes = 0
        var engine = StoreEngine(configuration: configuration)
        _ = try engine.put(PutRequest("key", []))
        let before = engine
        _ = try engine.delete(DeleteRequest(.key("absent")))
        #expect(engine.compactedRevision == before.compactedRevision)
        #expect(engine["key"] != nil)
    }
}

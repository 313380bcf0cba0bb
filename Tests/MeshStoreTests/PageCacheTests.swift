import MeshCore
import Testing

@testable import MeshStore

@Suite struct PageCacheTests {
    private func engines(_ count: Int) throws -> [StoreEngine] {
        var engine = StoreEngine()
        return try (0..<count).map { _ in
            _ = try engine.put(PutRequest("key", []))
            return engine
        }
    }

    @Test func givesUpTheLeastRecentlyUsedSnapshot() throws {
        let engines = try engines(3)
        var cache = PageCache(capacity: 2)
        #expect(cache.keep(engines[0]).isEmpty)
        #expect(cache.keep(engines[1]).isEmpty)
        #expect(cache.engine(at: 2)?.revision == 2)
        #expect(cache.keep(engines[2]).map(\.revision) == [3])
        #expect(cache.engine(at: 3) == nil)
        #expect(cache.engine(at: 2) != nil)
        #expect(cache.engine(at: 4) != nil)
    }

    @Test func keepsASnapshotOnce() throws {
        let engines = try engines(1)
        var cache = PageCache(capacity: 2)
        #expect(cache.keep(engines[0]).isEmpty)
        #expect(cache.keep(engines[0]).isEmpty)
        #expect(cache.drop(before: 9).count == 1)
        #expect(cache.engine(at: 2) == nil)
    }

    @Test func dropsWhatIsBeforeARevision() throws {
        let engines = try engines(3)
        var cache = PageCache(capacity: 9)
        for engine in engines { _ = cache.keep(engine) }
        #expect(cache.drop(before: 3).map(\.revision) == [2])
        #expect(cache.engine(at: 2) == nil)
        #expect(cache.engine(at: 3) != nil)
    }

    @Test(arguments: [0, -1]) func keepsNothingWithoutCapacity(capacity: Int) throws {
        var cache = PageCache(capacity: capacity)
        #expect(cache.keep(try engines(1)[0]).isEmpty)
        #expect(cache.engine(at: 2) == nil)
    }
}

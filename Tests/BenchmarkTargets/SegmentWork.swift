import MeshCore
import MeshStore
import MeshWatcher

/// Encoding segments, and sharing them.
public final class SegmentWork {
    private let batch: WatchBatch
    private let store: KVStore

    /// Makes a history of so many events.
    ///
    /// - Throws: what the store refuses.
    public init(events: Int) throws {
        store = try BenchmarkPairs.store(keys: events)
        var cursor = WatchCursor(BenchmarkPairs.range, from: 2)
        switch store.reader.step(&cursor, maximumEvents: events, maximumBytes: .max) {
        case .events(let batch): self.batch = batch
        case .skipped, .idle, .compacted: batch = WatchBatch(events: [], revision: store.revision)
        }
    }

    /// Encodes all events as one segment, and returns their number.
    public func encode() -> Int { EncodedSegment(batch, from: 2).eventEnds.count }

    /// Has so many watches read the events, from the same place on, and returns how often they were encoded.
    public func share(among watches: Int) -> Int {
        let cache = SegmentCache(reader: store.reader, limits: WatcherLimits())
        let subscription = WatchSubscription(BenchmarkPairs.range)
        let next = store.revision
        for _ in 0..<watches { _ = cache.read(subscription, from: next) }
        return cache.builds
    }
}

internal import MeshCore

/// Snapshots of the revisions that served a page of a longer list, so that the next pages, which ask for the same
/// revision, are read from an index instead of from histories.
struct PageCache: Sendable {
    /// The most recently used snapshot stands last.
    private var engines: [StoreEngine] = []
    private let capacity: Int
    /// The history of the store at present, as far as it is known here.
    private var generation: UInt64 = 0

    init(capacity: Int) {
        self.capacity = max(0, capacity)
    }

    /// The snapshot of a revision, if it is kept.
    mutating func engine(at revision: Revision) -> StoreEngine? {
        guard let place = engines.firstIndex(where: { $0.revision == revision }) else { return nil }
        let engine = engines.remove(at: place)
        engines.append(engine)
        return engine
    }

    /// Keeps a snapshot, in the place of the least recently used one where there is no room.
    ///
    /// - Returns: what is no longer kept, for the caller to release outside its lock.
    mutating func keep(_ engine: StoreEngine) -> [StoreEngine] {
        // A reader that was slow may still come with the history before.
        guard engine.origin.generation >= generation else { return [] }
        if capacity == 0 || self.engine(at: engine.revision) != nil { return [] }
        engines.append(engine)
        guard engines.count > capacity else { return [] }
        return [engines.removeFirst()]
    }

    /// Drops the snapshots of revisions before `revision`.
    ///
    /// - Returns: what is no longer kept, for the caller to release outside its lock.
    mutating func drop(before revision: Revision) -> [StoreEngine] {
        let dropped = engines.filter { $0.revision < revision }
        if !dropped.isEmpty { engines.removeAll { $0.revision < revision } }
        return dropped
    }

    /// Drops all snapshots, because another history has begun.
    ///
    /// - Returns: what is no longer kept, for the caller to release outside its lock.
    mutating func begin(generation: UInt64) -> [StoreEngine] {
        self.generation = max(self.generation, generation)
        defer { engines.removeAll() }
        return engines
    }
}

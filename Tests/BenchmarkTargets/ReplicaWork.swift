import MeshCore
import MeshStore

/// A replicated store that is told one revision after another.
public final class ReplicaWork {
    private let store = ReplicatedStore()
    private let events: [WatchEvent]
    private var revision: Revision = 1

    /// Makes a store with so many keys, and the events that write each of them once more.
    public init(keys: Int) {
        let keys = BenchmarkPairs.keys(keys)
        let listed = keys.map { key in
            KeyValue(key: key, createRevision: 1, modRevision: 1, version: 1, value: BenchmarkPairs.value)
        }
        store.reset(to: listed, at: 1, identity: StoreIdentity(clusterID: 1, memberID: 2), raftTerm: 1)
        events = keys.enumerated().map { place, key in
            let pair = KeyValue(
                key: key,
                createRevision: 1,
                modRevision: Revision(Int64(place) + 2),
                version: 2,
                value: BenchmarkPairs.value
            )
            return WatchEvent(kind: .put, pair: pair)
        }
    }

    /// Appends all events, each a revision of its own, and returns the store's revision. To be called once.
    ///
    /// - Throws: ``ReplicationError``, which means that the events were appended before.
    public func append() throws -> Int64 {
        for event in events { try store.append([event], through: event.revision) }
        return store.reader.revision.rawValue
    }
}

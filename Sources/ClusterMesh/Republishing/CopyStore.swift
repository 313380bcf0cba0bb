internal import MeshCore
internal import MeshRecords
internal import MeshStore

/// The store of the copies of other clusters' records, with what was decided of each cluster.
///
/// Decisions are made inside the transactions that carry them out, so that the store's own lock on its writer puts them
/// in order, whichever mirror's task they come from. Nothing waits under it.
final class CopyStore: Sendable {
    /// How many keys are deleted in one transaction when a cluster is erased.
    static let keysPerErasure = 1_000

    let store: KVStore
    private let clusters = Locked<[ClusterName: RepublishedCluster]>([:])

    init(_ store: KVStore) {
        self.store = store
    }

    /// What was decided of each cluster of which something is known.
    var decisions: [RepublishedCluster] { clusters.withLock { Array($0.values) } }

    /// Decides something of a cluster and writes what follows from it, as a whole.
    ///
    /// - Throws: `EtcdError` if there is no room for it; then nothing was decided.
    func decide<Answer: Sendable>(
        _ cluster: ClusterName, _ decision: (inout RepublishedCluster) -> (writes: [RepublishedCluster.Write], Answer)
    ) throws -> Answer {
        try store.transaction { transaction in
            var decided = clusters.withLock { $0[cluster] } ?? RepublishedCluster(cluster)
            let (writes, answer) = decision(&decided)
            for write in writes {
                switch write {
                // What is listed again is most often what it was, and would only wake every reader.
                case .put(let key, let value) where transaction[key]?.value.elementsEqual(value) == true: break
                case .put(let key, let value): transaction.put(key, value)
                case .delete(let key): transaction.delete(key)
                }
            }
            try transaction.check()
            clusters.withLock { $0[cluster] = decided.isGone ? nil : decided }
            return answer
        }
    }

    /// Deletes some of the keys of a cluster that is being erased; answers whether there is more to do.
    func eraseSome(of cluster: ClusterName) -> Bool {
        guard let decided = clusters.withLock({ $0[cluster] }), decided.isErasing else { return false }
        for range in decided.everything where deleteSome(in: range, of: cluster, while: \.isErasing) { return true }
        // A deletion is never refused.
        try? decide(cluster) { cluster in ([], cluster.erased()) }
        return false
    }

    /// Deletes some of the keys of a range, if something is so of the cluster; answers whether it deleted any.
    func deleteSome(
        in range: KeyRange, of cluster: ClusterName, while condition: (RepublishedCluster) -> Bool
    ) -> Bool {
        var request = RangeRequest(range)
        request.limit = Int64(Self.keysPerErasure)
        request.keysOnly = true
        guard let pairs = try? store.perform(request).pairs, !pairs.isEmpty else { return false }
        let isDone = try? decide(cluster) { cluster in
            let isTrue = condition(cluster)
            return (isTrue ? pairs.map { .delete($0.key) } : [], isTrue)
        }
        return isDone == true
    }

    /// How many bytes of pairs it holds of a cluster. O(its pairs).
    func bytes(of cluster: RepublishedCluster) -> Int {
        let snapshot = store.snapshot()
        return cluster.everything.reduce(0) { sum, range in
            var bytes = sum
            snapshot.forEach(in: range) { bytes += $0.encoded.count }
            return bytes
        }
    }
}

internal import MeshCore
internal import MeshRecords

/// What the cluster's own store says, as updates for the merged views.
///
/// A plain value: it is given the store's pairs and batches of changes, and knows which record each key holds. A pair
/// that is no valid record is reported and takes the key's former record away, as nobody would see that one either.
struct LocalRecords {
    /// What became of some pairs: updates for the views, and the pairs that are no records.
    struct Outcome {
        var updates: [RecordUpdate] = []
        var rejected: [RecordError] = []
    }

    let cluster: ClusterName
    private let decoder: RecordDecoder
    private var known: [Key: MeshRecord] = [:]

    init(cluster: ClusterName, id: ClusterID, space: ClusterID.Space) {
        self.cluster = cluster
        decoder = RecordDecoder(cluster: cluster, id: id, space: space)
    }

    /// The store holds exactly these pairs.
    mutating func reset(to pairs: [KeyValue]) -> Outcome {
        var outcome = Outcome()
        var gone = known
        for pair in pairs {
            gone[pair.key] = nil
            put(pair, &outcome)
        }
        for key in gone.keys { delete(key, &outcome) }
        return outcome
    }

    /// The store changed.
    mutating func apply(_ events: [WatchEvent]) -> Outcome {
        var outcome = Outcome()
        for event in events {
            switch event.kind {
            case .put: put(event.pair, &outcome)
            case .delete: delete(event.pair.key, &outcome)
            }
        }
        return outcome
    }

    private mutating func put(_ pair: KeyValue, _ outcome: inout Outcome) {
        switch decoder.decode(pair) {
        case .success(let record):
            let old = known.updateValue(record, forKey: pair.key)
            guard old != record else { return }
            outcome.updates.append(.changed(RecordChange(cluster: cluster, key: record.key, old: old, new: record)))
        case .failure(let error):
            outcome.rejected.append(error)
            delete(pair.key, &outcome)
        }
    }

    private mutating func delete(_ key: Key, _ outcome: inout Outcome) {
        guard let old = known.removeValue(forKey: key) else { return }
        outcome.updates.append(.changed(RecordChange(cluster: cluster, key: old.key, old: old, new: nil)))
    }
}

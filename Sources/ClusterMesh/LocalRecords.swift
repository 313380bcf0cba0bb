internal import MeshCore
internal import MeshRecords

/// What the own cluster says, as updates for the merged views: its store's pairs, and the records that its code
/// published, exported or not.
///
/// A plain value: it is given both as they change, in any order, and knows which record each key holds. Of a key that
/// was published, that record counts, whatever the store holds. A pair that is no valid record is reported and takes the
/// key's former record away, as nobody would see that one either.
struct LocalRecords {
    /// What became of some pairs: updates for the views, and the pairs that are no records.
    struct Outcome {
        var updates: [RecordUpdate] = []
        var rejected: [RecordError] = []
    }

    let cluster: ClusterName
    private let decoder: RecordDecoder
    /// What the store holds.
    private var known: [Key: MeshRecord] = [:]
    private var published: [RecordKey: MeshRecord] = [:]

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

    /// These records were published, or withdrawn where there is none.
    mutating func publish(_ changes: [RecordKey: MeshRecord?]) -> Outcome {
        var outcome = Outcome()
        for (key, record) in changes {
            let stored = known[key.key(in: cluster)]
            let old = published[key] ?? stored
            published[key] = record
            note(key, old, record ?? stored, &outcome)
        }
        return outcome
    }

    private mutating func put(_ pair: KeyValue, _ outcome: inout Outcome) {
        switch decoder.decode(pair) {
        case .success(let record):
            guard let held = published[record.key] else {
                let old = known.updateValue(record, forKey: pair.key)
                return note(record.key, old, record, &outcome)
            }
            // Most often it is what was published, and one copy is enough.
            known[pair.key] = held == record ? held : record
        case .failure(let error):
            outcome.rejected.append(error)
            delete(pair.key, &outcome)
        }
    }

    private mutating func delete(_ key: Key, _ outcome: inout Outcome) {
        guard let old = known.removeValue(forKey: key), published[old.key] == nil else { return }
        note(old.key, old, nil, &outcome)
    }

    private func note(_ key: RecordKey, _ old: MeshRecord?, _ new: MeshRecord?, _ outcome: inout Outcome) {
        guard old != new else { return }
        outcome.updates.append(.changed(RecordChange(cluster: cluster, key: key, old: old, new: new)))
    }
}

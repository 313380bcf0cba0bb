internal import HashTreeCollections
internal import MeshCore
internal import MeshRecords

/// One cluster's records by kind and key. A copy is O(1) and shares what does not differ.
struct RecordTables: Sendable {
    /// The records of one kind.
    typealias Table = TreeDictionary<RecordKey, MirrorRecord>

    var nodes = Table()
    var services = Table()
    var identities = Table()
    var ips = Table()
    var serviceExports = Table()

    subscript(kind: RecordKind) -> Table {
        get {
            switch kind {
            case .node: nodes
            case .service: services
            case .identity: identities
            case .ip: ips
            case .serviceExport: serviceExports
            }
        }
        _modify {
            switch kind {
            case .node: yield &nodes
            case .service: yield &services
            case .identity: yield &identities
            case .ip: yield &ips
            case .serviceExport: yield &serviceExports
            }
        }
    }

    /// The record of a key; `nil` if there is none.
    func record(_ key: RecordKey) -> MirrorRecord? { self[key.kind][key] }

    var counts: RecordCounts {
        RecordCounts(
            nodes: nodes.count,
            services: services.count,
            identities: identities.count,
            ips: ips.count,
            serviceExports: serviceExports.count
        )
    }

    /// What leads from these records to `later` ones. O(n).
    func changes(to later: RecordTables, of cluster: ClusterName) -> [RecordChange] {
        var changes: [RecordChange] = []
        for kind in RecordKind.allCases {
            let (before, after) = (self[kind], later[kind])
            for (key, held) in before where after[key] == nil {
                changes.append(RecordChange(cluster: cluster, key: key, old: held.record))
            }
            for (key, held) in after {
                let old = before[key]?.record
                if old != held.record {
                    changes.append(RecordChange(cluster: cluster, key: key, old: old, new: held.record))
                }
            }
        }
        return changes
    }
}

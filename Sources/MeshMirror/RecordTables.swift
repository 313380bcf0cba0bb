internal import HashTreeCollections
internal import MeshCore
internal import MeshRecords

/// One cluster's records by kind and key. A copy is O(1) and shares what does not differ.
///
/// Each kind has a table of its own type: keys as wide as the widest of all would cost more than what they name.
struct RecordTables: Sendable {
    typealias Table<Key: Hashable & Sendable, Record: Hashable & Sendable> = TreeDictionary<Key, HeldRecord<Record>>

    private var nodes = Table<String, NodeRecord>()
    private var services = Table<ServiceName, ServiceRecord>()
    private var identities = Table<UInt32, IdentityRecord>()
    private var ips = Table<IPKey, IPRecord>()
    private var serviceExports = Table<ServiceName, ServiceExportRecord>()

    var counts: RecordCounts {
        RecordCounts(
            nodes: nodes.count,
            services: services.count,
            identities: identities.count,
            ips: ips.count,
            serviceExports: serviceExports.count
        )
    }

    /// The record of a key; `nil` if there is none.
    func record(_ key: RecordKey) -> MirrorRecord? {
        switch key {
        case .node(let name): nodes[name]?.boxed(MeshRecord.node)
        case .service(let name): services[name]?.boxed(MeshRecord.service)
        case .identity(let number): identities[number]?.boxed(MeshRecord.identity)
        case .ip(let ip): ips[ip]?.boxed(MeshRecord.ip)
        case .serviceExport(let name): serviceExports[name]?.boxed(MeshRecord.serviceExport)
        }
    }

    /// Calls `body` with each record of a kind, in no order.
    func forEach<Failure: Error>(
        _ kind: RecordKind,
        _ body: (MirrorRecord) throws(Failure) -> Void
    ) throws(Failure) {
        switch kind {
        case .node: for held in nodes.values { try body(held.boxed(MeshRecord.node)) }
        case .service: for held in services.values { try body(held.boxed(MeshRecord.service)) }
        case .identity: for held in identities.values { try body(held.boxed(MeshRecord.identity)) }
        case .ip: for held in ips.values { try body(held.boxed(MeshRecord.ip)) }
        case .serviceExport: for held in serviceExports.values { try body(held.boxed(MeshRecord.serviceExport)) }
        }
    }

    /// The records of a kind, in no order.
    func records(_ kind: RecordKind) -> [MirrorRecord] {
        var records: [MirrorRecord] = []
        forEach(kind) { records.append($0) }
        return records
    }

    /// What names the records of a kind, in no order; not more than `limit` of them.
    func keys(_ kind: RecordKind, atMost limit: Int = .max) -> [RecordKey] {
        switch kind {
        case .node: nodes.keys.prefix(limit).map(RecordKey.node)
        case .service: services.keys.prefix(limit).map(RecordKey.service)
        case .identity: identities.keys.prefix(limit).map(RecordKey.identity)
        case .ip: ips.keys.prefix(limit).map(RecordKey.ip)
        case .serviceExport: serviceExports.keys.prefix(limit).map(RecordKey.serviceExport)
        }
    }

    // MARK: Changes

    /// Holds a record; answers what was held before, and whether the record differs from it.
    mutating func hold(_ record: MeshRecord, at revision: Revision) -> (old: MirrorRecord?, differs: Bool) {
        switch record {
        case .node(let node):
            let (old, differs) = nodes.hold(node, at: revision, forKey: node.name)
            return (old?.boxed(MeshRecord.node), differs)
        case .service(let service):
            let (old, differs) = services.hold(service, at: revision, forKey: service.name)
            return (old?.boxed(MeshRecord.service), differs)
        case .identity(let identity):
            let (old, differs) = identities.hold(identity, at: revision, forKey: identity.id)
            return (old?.boxed(MeshRecord.identity), differs)
        case .ip(let ip):
            let (old, differs) = ips.hold(ip, at: revision, forKey: ip.ip)
            return (old?.boxed(MeshRecord.ip), differs)
        case .serviceExport(let export):
            let (old, differs) = serviceExports.hold(export, at: revision, forKey: export.name)
            return (old?.boxed(MeshRecord.serviceExport), differs)
        }
    }

    /// Lets a record go; answers what was held.
    mutating func remove(_ key: RecordKey) -> MirrorRecord? {
        switch key {
        case .node(let name): nodes.removeValue(forKey: name)?.boxed(MeshRecord.node)
        case .service(let name): services.removeValue(forKey: name)?.boxed(MeshRecord.service)
        case .identity(let number): identities.removeValue(forKey: number)?.boxed(MeshRecord.identity)
        case .ip(let ip): ips.removeValue(forKey: ip)?.boxed(MeshRecord.ip)
        case .serviceExport(let name): serviceExports.removeValue(forKey: name)?.boxed(MeshRecord.serviceExport)
        }
    }

    /// Marks a record as outdated; whether there is one that was not.
    mutating func markOutdated(_ key: RecordKey) -> Bool {
        switch key {
        case .node(let name): nodes.markOutdated(name)
        case .service(let name): services.markOutdated(name)
        case .identity(let number): identities.markOutdated(number)
        case .ip(let ip): ips.markOutdated(ip)
        case .serviceExport(let name): serviceExports.markOutdated(name)
        }
    }

    // MARK: Differences

    /// What leads from these records to `later` ones. O(n).
    func changes(to later: RecordTables, of cluster: ClusterName) -> [RecordChange] {
        var changes: [RecordChange] = []
        for kind in RecordKind.allCases {
            forEach(kind) { held in
                let key = held.record.key
                if later.record(key) == nil {
                    changes.append(RecordChange(cluster: cluster, key: key, old: held.record))
                }
            }
            later.forEach(kind) { held in
                let key = held.record.key
                let old = record(key)?.record
                if old != held.record {
                    changes.append(RecordChange(cluster: cluster, key: key, old: old, new: held.record))
                }
            }
        }
        return changes
    }
}

import MeshCore
import MeshRecords

@testable import MeshViews

/// What the views must show, worked out slowly and plainly from all clusters' records at once.
struct ViewModel {
    private let local: ClusterName
    /// Every record with its cluster: the local one's first, then by name.
    private let records: [(cluster: ClusterName, record: MeshRecord)]

    init(local: ClusterName, _ clusters: [(ClusterName, [RecordKey: MeshRecord])]) {
        self.local = local
        records = clusters.sorted { ($0.0 == local ? 0 : 1, $0.0) < ($1.0 == local ? 0 : 1, $1.0) }
            .flatMap { cluster, records in
                records.sorted { $0.key < $1.key }.map { (cluster, $0.value) }
            }
    }

    private func select<Record>(_ pick: (MeshRecord) -> Record?) -> [(cluster: ClusterName, record: Record)] {
        records.compactMap { cluster, record in pick(record).map { (cluster, $0) } }
    }

    private var nodeRecords: [(cluster: ClusterName, record: NodeRecord)] {
        select { if case .node(let node) = $0 { node } else { nil } }
    }

    var nodes: [AnyHashable: AnyHashable] {
        Dictionary(uniqueKeysWithValues: nodeRecords.map { ([$0.cluster.rawValue, $0.record.name], $0.record) })
    }

    /// Each range of a node against each of every other cluster's nodes.
    var podCIDRConflicts: [PodCIDRConflict] {
        let ranges = nodeRecords.flatMap { cluster, node in
            let main = [node.ipv4AllocationCIDR, node.ipv6AllocationCIDR].compactMap { $0 }
            return (main + node.ipv4SecondaryAllocationCIDRs + node.ipv6SecondaryAllocationCIDRs).map {
                PodCIDRConflict.PodRange(cidr: $0, cluster: cluster, node: node.name)
            }
        }.sorted { ($0.cidr, $0.cluster, $0.node) < ($1.cidr, $1.cluster, $1.node) }
        var conflicts: [PodCIDRConflict] = []
        for outer in ranges where conflicts.last?.outer.cidr != outer.cidr {
            let inner = ranges.first { $0.cluster != outer.cluster && outer.cidr.contains($0.cidr) }
            if let inner { conflicts.append(PodCIDRConflict(outer: outer, inner: inner)) }
        }
        return conflicts
    }

    var services: [AnyHashable: AnyHashable] {
        let records = select { if case .service(let service) = $0 { service } else { nil } }
        var services: [ServiceName: GlobalService] = [:]
        for (cluster, record) in records {
            let part = GlobalService.Part(cluster: cluster, record: record)
            if cluster == local {
                services[record.name, default: GlobalService(name: record.name)].local = part
            } else if record.shared {
                services[record.name, default: GlobalService(name: record.name)].remotes.append(part)
            }
        }
        let shown = services.filter { $0.value.local?.record.includeExternal == true || !$0.value.remotes.isEmpty }
        return Dictionary(uniqueKeysWithValues: shown.map { ($0.key, $0.value) })
    }

    var identities: [AnyHashable: AnyHashable] {
        var identities: [UInt32: Identities.Identity] = [:]
        for (cluster, record) in select({ if case .identity(let identity) = $0 { identity } else { nil } })
        where identities[record.id] == nil {
            identities[record.id] = Identities.Identity(cluster: cluster, id: record.id, labels: record.labels)
        }
        return Dictionary(uniqueKeysWithValues: identities.map { ($0.key, $0.value) })
    }

    func identityNumbers(of cluster: ClusterName) -> [UInt32] {
        identities.values.compactMap { $0.base as? Identities.Identity }.filter { $0.cluster == cluster }.map(\.id)
            .sorted()
    }

    private var entries: [IPCache.Entry] {
        var byPrefix: [IPPrefix: IPCache.Entry] = [:]
        for (cluster, record) in select({ if case .ip(let ip) = $0 { ip } else { nil } }) {
            let prefix = record.ip.prefix.masked
            guard let entry = byPrefix[prefix] else {
                byPrefix[prefix] = IPCache.Entry(
                    prefix: prefix,
                    cluster: cluster,
                    record: record,
                    identity: cluster != local && record.identity == 1 ? 6 : record.identity,
                    rivals: []
                )
                continue
            }
            if entry.cluster != cluster, !entry.rivals.contains(cluster) { byPrefix[prefix]?.rivals.append(cluster) }
        }
        return byPrefix.values.sorted { $0.prefix < $1.prefix }
    }

    var addresses: [AnyHashable: AnyHashable] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.prefix, $0) })
    }

    var contestedPrefixes: [IPPrefix] { entries.filter { !$0.rivals.isEmpty }.map(\.prefix) }
}

import MeshCore
import MeshRecords
import MeshViews

/// The clusters of these tests.
enum Cluster {
    static let athens = name("athens")
    static let hurup = name("hurup")
    static let kos = name("kos")
    static let all = [athens, hurup, kos]

    private static func name(_ text: String) -> ClusterName {
        do {
            return try ClusterName(text)
        } catch {
            preconditionFailure(error.message)
        }
    }
}

/// An update that sets a record.
func set(_ record: MeshRecord, in cluster: ClusterName) -> RecordUpdate {
    .changed(RecordChange(cluster: cluster, key: record.key, new: record))
}

/// An update that removes a record.
func remove(_ key: RecordKey, in cluster: ClusterName) -> RecordUpdate {
    .changed(RecordChange(cluster: cluster, key: key))
}

/// A node's record.
func node(_ name: String, in cluster: ClusterName, boot: String = "") -> MeshRecord {
    var node = NodeRecord(name: name, cluster: cluster.rawValue, clusterID: 1)
    node.bootID = boot
    return .node(node)
}

/// A node's record with these pod ranges; the first of each family is the main one.
func node(_ name: String, in cluster: ClusterName, ranges: [String]) throws -> MeshRecord {
    var node = NodeRecord(name: name, cluster: cluster.rawValue, clusterID: 1)
    let prefixes = try ranges.map { try IPPrefix($0) }
    let (v4, v6) = (prefixes.filter { $0.address.family == .v4 }, prefixes.filter { $0.address.family == .v6 })
    (node.ipv4AllocationCIDR, node.ipv4SecondaryAllocationCIDRs) = (v4.first, Array(v4.dropFirst()))
    (node.ipv6AllocationCIDR, node.ipv6SecondaryAllocationCIDRs) = (v6.first, Array(v6.dropFirst()))
    return .node(node)
}

/// An identity's record.
func identity(_ id: UInt32, _ labels: String) -> MeshRecord {
    .identity(IdentityRecord(id: id, labels: LabelSet(parsing: labels)))
}

/// A record for an address, or for a CIDR if `text` has a `/`.
func ip(_ text: String, _ identity: UInt32 = 2, host: String = "192.168.0.1") throws -> MeshRecord {
    let key: IPKey = text.contains("/") ? .cidr(try IPPrefix(text)) : .address(try IPAddress(text))
    return .ip(IPRecord(ip: key, hostIP: try IPAddress(host), identity: identity))
}

/// The service `shop/<name>` with these backends.
func service(
    _ name: String,
    in cluster: ClusterName,
    backends: [String] = [],
    global: Bool = true,
    shared: Bool = true
) throws -> MeshRecord {
    .service(
        ServiceRecord(
            cluster: cluster.rawValue,
            name: shop(name),
            clusterID: 1,
            backends: try backends.map {
                ServiceEndpoint(try IPAddress($0), ports: [ServicePort(name: "http", number: 80)])
            },
            includeExternal: global,
            shared: shared
        )
    )
}

/// The name `shop/<name>`.
func shop(_ name: String) -> ServiceName { ServiceName(namespace: "shop", name: name) }

/// A view of `updates` as seen from athens.
func merged<Engine: MergeEngine>(_ type: Engine.Type, _ updates: [RecordUpdate]) -> Engine {
    var engine = Engine(local: Cluster.athens)
    _ = engine.apply(updates)
    return engine
}

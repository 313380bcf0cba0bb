public import ClusterMesh
internal import MeshCore
internal import MeshRecords

/// How many records a made-up cluster has.
public struct ProducedSize: Hashable, Sendable {
    /// Its nodes; 1…250.
    public var nodes: Int
    /// Its identities; 1…1,000.
    public var identities: Int
    /// Its pods' IPs, spread over the nodes; at most 240 on each.
    public var ips: Int

    /// As many of each.
    public init(nodes: Int, identities: Int, ips: Int) {
        self.nodes = nodes
        self.identities = identities
        self.ips = ips
    }

    /// What each cluster has in the test with which Cilium's project watches over its own scalability: 100 nodes,
    /// 100 identities, 1,000 IPs.
    public static let cilium = ProducedSize(nodes: 100, identities: 100, ips: 1_000)

    /// All records.
    public var total: Int { nodes + identities + ips }

    /// What is wrong with it; `nil` if nothing.
    var fault: String? {
        guard (1...250).contains(nodes) else { return "\(nodes) nodes; 1 to 250 are possible" }
        guard (1...1_000).contains(identities) else { return "\(identities) identities; 1 to 1,000 are possible" }
        guard (0...nodes * 240).contains(ips) else {
            return "\(ips) IPs on \(nodes) nodes; at most \(nodes * 240) are possible"
        }
        return nil
    }
}

/// A made-up cluster: what its records say, each a pure function of cluster and number, and none in another cluster's way.
///
/// Cluster 7 is `cluster-7`; its pods are in 10.7.0.0/16, a /24 for each node, and each pod has one of its identities.
public struct ProducedCluster: Hashable, Sendable {
    /// One of its records, by kind and number from 0 on.
    public enum Record: Hashable, Sendable {
        case node(Int)
        case identity(Int)
        case ip(Int)
    }

    /// `cluster-<number>`.
    public let name: ClusterName
    /// Its number, which is in its IP ranges too.
    public let id: ClusterID
    /// How many records it has.
    public let size: ProducedSize

    /// The cluster of a number.
    ///
    /// - Throws: ``TestMeshError`` if it cannot have so many records; ``MeshCore/ClusterNamingError`` for a number that
    ///   is not in 1…255.
    public init(number: Int, size: ProducedSize) throws {
        if let fault = size.fault { throw TestMeshError(message: "cluster \(number) is to have \(fault)") }
        name = try ClusterName("cluster-\(number)")
        id = try ClusterID(number)
        self.size = size
    }

    /// The config that it publishes, or that is published for it where its records are copies.
    public func config(in layout: RecordLayout) -> ClusterConfig {
        var config = ClusterConfig(id: id.rawValue)
        config.syncedCanaries = true
        config.cached = layout == .cached
        config.maxConnectedClusters = 255
        return config
    }

    /// All its records: first the nodes, then the identities, then the IPs.
    public var records: [Record] {
        (0..<size.nodes).map { Record.node($0) } + (0..<size.identities).map { Record.identity($0) }
            + (0..<size.ips).map { Record.ip($0) }
    }

    /// All its records as lines of state, as its own store holds them.
    public var state: [StateLine] {
        records.map { StateLine(key: key(of: $0, in: .own), value: value(of: $0).encoded()) }
    }

    /// The key of a record.
    public func key(of record: Record, in layout: RecordLayout) -> Key {
        let key: RecordKey =
            switch record {
            case .node(let number): .node(nodeName(number))
            case .identity(let number): .identity(identityNumber(number))
            case .ip(let number): .ip(.address(podAddress(number)))
            }
        return key.key(in: name, layout: layout)
    }

    /// What a record says, stamped with the time of its last change if there was one.
    public func value(of record: Record, stamp: ChangeStamp? = nil) -> MeshRecord {
        switch record {
        case .node(let number): .node(node(number, stamp))
        case .identity(let number): .identity(identity(number, stamp))
        case .ip(let number): .ip(ip(number, stamp))
        }
    }

    // MARK: Values

    private func node(_ number: Int, _ stamp: ChangeStamp?) -> NodeRecord {
        var node = NodeRecord(name: nodeName(number), cluster: name.rawValue, clusterID: id.rawValue)
        let pods = podRange(number)
        node.addresses = [
            NodeRecord.Address("InternalIP", nodeAddress(number)),
            NodeRecord.Address("CiliumInternalIP", IPAddress(v4: pods + 1)),
        ]
        node.ipv4AllocationCIDR = IPPrefix(IPAddress(v4: pods), length: 24)
        node.ipv4HealthIP = IPAddress(v4: pods + 254)
        node.source = "custom-resource"
        node.labels = [
            "kubernetes.io/hostname": nodeName(number), "topology.kubernetes.io/zone": "\(name)-\(number % 3)",
        ]
        if let stamp { node.annotations = [ChangeStamp.name: stamp.text] }
        node.bootID = "0f6c0c8e-3a43-4c0f-8e46-\(10_000 + id.rawValue)\(1_000_000 + number)"
        return node
    }

    private func identity(_ number: Int, _ stamp: ChangeStamp?) -> IdentityRecord {
        var labels = [
            Label(key: "app", value: "app-\(number)"),
            Label(key: IdentityRecord.clusterLabel, value: name.rawValue),
            Label(key: "io.cilium.k8s.policy.serviceaccount", value: "default"),
            Label(key: "io.kubernetes.pod.namespace", value: namespace(number)),
        ]
        if let stamp { labels.append(Label(key: ChangeStamp.name, value: stamp.text)) }
        return IdentityRecord(id: identityNumber(number), labels: LabelSet(labels))
    }

    private func ip(_ number: Int, _ stamp: ChangeStamp?) -> IPRecord {
        var ip = IPRecord(
            ip: .address(podAddress(number)), hostIP: nodeAddress(number % size.nodes),
            identity: identityNumber(number % size.identities))
        if let stamp { ip.metadata = stamp.metadata }
        ip.namespace = namespace(number % size.identities)
        ip.podName = "app-\(number % size.identities)-\(number)"
        ip.serviceAccount = "default"
        return ip
    }

    private func nodeName(_ number: Int) -> String { "node-\(number)" }

    private func namespace(_ number: Int) -> String { "namespace-\(number % 10)" }

    private func identityNumber(_ number: Int) -> UInt32 { id.identities().lowerBound + 256 + UInt32(number) }

    /// 172.16.<cluster>.<node>, from .1 on.
    private func nodeAddress(_ number: Int) -> IPAddress {
        IPAddress(v4: 0xAC10_0000 + id.rawValue << 8 + UInt32(number) + 1)
    }

    /// The first address of a node's pods.
    private func podRange(_ node: Int) -> UInt32 { 0x0A00_0000 + id.rawValue << 16 + UInt32(node) << 8 }

    /// Pods go to the nodes in turn, from the tenth address on.
    private func podAddress(_ number: Int) -> IPAddress {
        IPAddress(v4: podRange(number % size.nodes) + 10 + UInt32(number / size.nodes))
    }
}

public import MeshCore

/// A node of a cluster (Cilium's `Node`): its addresses, the pod ranges it routes, its keys for encryption.
public struct NodeRecord: Hashable, Sendable {
    /// One of a node's addresses.
    public struct Address: Hashable, Sendable {
        /// What the address is for: `InternalIP`, `ExternalIP`, `CiliumInternalIP`, …
        public var type: String
        /// The address.
        public var ip: IPAddress

        /// Makes an address.
        public init(_ type: String, _ ip: IPAddress) {
            self.type = type
            self.ip = ip
        }
    }

    /// The node's name.
    public var name: String
    /// The name of its cluster.
    public var cluster: String
    /// Its addresses, in the order in which the cluster lists them.
    public var addresses: [Address] = []
    /// The range from which its pods have their IPv4 addresses; always masked.
    public var ipv4AllocationCIDR: IPPrefix?
    /// Further such ranges.
    public var ipv4SecondaryAllocationCIDRs: [IPPrefix] = []
    /// The range from which its pods have their IPv6 addresses; always masked.
    public var ipv6AllocationCIDR: IPPrefix?
    /// Further such ranges.
    public var ipv6SecondaryAllocationCIDRs: [IPPrefix] = []
    /// The address of its health endpoint.
    public var ipv4HealthIP: IPAddress?
    /// The address of its health endpoint.
    public var ipv6HealthIP: IPAddress?
    /// The source address of its ingress proxy.
    public var ipv4IngressIP: IPAddress?
    /// The source address of its ingress proxy.
    public var ipv6IngressIP: IPAddress?
    /// The ID of its cluster.
    public var clusterID: UInt32
    /// Where the cluster has the record from, for example `custom-resource`.
    public var source: String = ""
    /// The index of the key with which it encrypts; 0: it does not.
    public var encryptionKey: UInt8 = 0
    /// Its Kubernetes labels.
    public var labels: [String: String] = [:]
    /// Its annotations.
    public var annotations: [String: String] = [:]
    /// Its WireGuard public key, in base64.
    public var wireGuardPublicKey: String = ""
    /// Names the present run of its kernel.
    public var bootID: String = ""

    /// A node of which nothing else is known.
    public init(name: String, cluster: String, clusterID: UInt32) {
        self.name = name
        self.cluster = cluster
        self.clusterID = clusterID
    }
}

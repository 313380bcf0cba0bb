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
    public var name: String {
        get { storage.fields.name }
        set { storage = storage.changed { $0.name = newValue } }
    }
    /// The name of its cluster.
    public var cluster: String {
        get { storage.fields.cluster }
        set { storage = storage.changed { $0.cluster = newValue } }
    }
    /// Its addresses, in the order in which the cluster lists them.
    public var addresses: [Address] {
        get { storage.fields.addresses }
        set { storage = storage.changed { $0.addresses = newValue } }
    }
    /// The range from which its pods have their IPv4 addresses; always masked.
    public var ipv4AllocationCIDR: IPPrefix? {
        get { storage.fields.ipv4AllocationCIDR }
        set { storage = storage.changed { $0.ipv4AllocationCIDR = newValue } }
    }
    /// Further such ranges.
    public var ipv4SecondaryAllocationCIDRs: [IPPrefix] {
        get { storage.fields.ipv4SecondaryAllocationCIDRs }
        set { storage = storage.changed { $0.ipv4SecondaryAllocationCIDRs = newValue } }
    }
    /// The range from which its pods have their IPv6 addresses; always masked.
    public var ipv6AllocationCIDR: IPPrefix? {
        get { storage.fields.ipv6AllocationCIDR }
        set { storage = storage.changed { $0.ipv6AllocationCIDR = newValue } }
    }
    /// Further such ranges.
    public var ipv6SecondaryAllocationCIDRs: [IPPrefix] {
        get { storage.fields.ipv6SecondaryAllocationCIDRs }
        set { storage = storage.changed { $0.ipv6SecondaryAllocationCIDRs = newValue } }
    }
    /// The address of its health endpoint.
    public var ipv4HealthIP: IPAddress? {
        get { storage.fields.ipv4HealthIP }
        set { storage = storage.changed { $0.ipv4HealthIP = newValue } }
    }
    /// The address of its health endpoint.
    public var ipv6HealthIP: IPAddress? {
        get { storage.fields.ipv6HealthIP }
        set { storage = storage.changed { $0.ipv6HealthIP = newValue } }
    }
    /// The source address of its ingress proxy.
    public var ipv4IngressIP: IPAddress? {
        get { storage.fields.ipv4IngressIP }
        set { storage = storage.changed { $0.ipv4IngressIP = newValue } }
    }
    /// The source address of its ingress proxy.
    public var ipv6IngressIP: IPAddress? {
        get { storage.fields.ipv6IngressIP }
        set { storage = storage.changed { $0.ipv6IngressIP = newValue } }
    }
    /// The ID of its cluster.
    public var clusterID: UInt32 {
        get { storage.fields.clusterID }
        set { storage = storage.changed { $0.clusterID = newValue } }
    }
    /// Where the cluster has the record from, for example `custom-resource`.
    public var source: String {
        get { storage.fields.source }
        set { storage = storage.changed { $0.source = newValue } }
    }
    /// The index of the key with which it encrypts; 0: it does not.
    public var encryptionKey: UInt8 {
        get { storage.fields.encryptionKey }
        set { storage = storage.changed { $0.encryptionKey = newValue } }
    }
    /// Its Kubernetes labels.
    public var labels: [String: String] {
        get { storage.fields.labels.dictionary }
        set { storage = storage.changed { $0.labels = TextMap(newValue) } }
    }
    /// Its annotations.
    public var annotations: [String: String] {
        get { storage.fields.annotations.dictionary }
        set { storage = storage.changed { $0.annotations = TextMap(newValue) } }
    }
    /// Its WireGuard public key, in base64.
    public var wireGuardPublicKey: String {
        get { storage.fields.wireGuardPublicKey }
        set { storage = storage.changed { $0.wireGuardPublicKey = newValue } }
    }
    /// Names the present run of its kernel.
    public var bootID: String {
        get { storage.fields.bootID }
        set { storage = storage.changed { $0.bootID = newValue } }
    }

    /// What is stored.
    struct Fields: Hashable, Sendable {
        var name: String
        var cluster: String
        var addresses: [Address] = []
        var ipv4AllocationCIDR: IPPrefix?
        var ipv4SecondaryAllocationCIDRs: [IPPrefix] = []
        var ipv6AllocationCIDR: IPPrefix?
        var ipv6SecondaryAllocationCIDRs: [IPPrefix] = []
        var clusterID: UInt32
        var encryptionKey: UInt8 = 0
        var ipv4HealthIP: IPAddress?
        var ipv6HealthIP: IPAddress?
        var ipv4IngressIP: IPAddress?
        var ipv6IngressIP: IPAddress?
        var source: String = ""
        var labels = TextMap()
        var annotations = TextMap()
        var wireGuardPublicKey: String = ""
        var bootID: String = ""
    }

    var storage: RecordStorage<Fields>

    init(_ fields: Fields) {
        storage = RecordStorage(fields)
    }

    /// The same node with texts that other nodes have too.
    func sharingTexts(with pool: TextPool) -> NodeRecord {
        var fields = storage.fields
        fields.labels = fields.labels.sharingKeys(with: pool)
        fields.annotations = fields.annotations.sharingKeys(with: pool)
        for index in fields.addresses.indices {
            fields.addresses[index].type = pool.shared(fields.addresses[index].type)
        }
        return NodeRecord(fields)
    }

    /// A node of which nothing else is known.
    public init(name: String, cluster: String, clusterID: UInt32) {
        self.init(Fields(name: name, cluster: cluster, clusterID: clusterID))
    }
}

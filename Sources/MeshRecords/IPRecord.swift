public import MeshCore

/// What stands behind an IP address or a CIDR: the node that reaches it and its identity (Cilium's `IPIdentityPair`).
public struct IPRecord: Hashable, Sendable {
    /// A named port of a pod.
    public struct NamedPort: Hashable, Sendable {
        /// The port's name.
        public var name: String
        /// The port's number.
        public var number: UInt16
        /// The transport, as Cilium writes it.
        public var transport: String

        /// Makes a port.
        public init(name: String, number: UInt16, transport: String = "TCP") {
            self.name = name
            self.number = number
            self.transport = transport
        }
    }

    /// The address or CIDR; what the key says too.
    public var ip: IPKey {
        get { storage.fields.ip }
        set { storage = storage.changed { $0.ip = newValue } }
    }
    /// The node to which traffic for it is tunnelled.
    public var hostIP: IPAddress? {
        get { storage.fields.hostIP }
        set { storage = storage.changed { $0.hostIP = newValue } }
    }
    /// The number of its identity; below 256: a reserved one, the same in every cluster.
    public var identity: UInt32 {
        get { storage.fields.identity }
        set { storage = storage.changed { $0.identity = newValue } }
    }
    /// The index of the key with which its node encrypts; 0: it does not.
    public var encryptionKey: UInt8 {
        get { storage.fields.encryptionKey }
        set { storage = storage.changed { $0.encryptionKey = newValue } }
    }
    /// Free text of the writer.
    public var metadata: String {
        get { storage.fields.metadata }
        set { storage = storage.changed { $0.metadata = newValue } }
    }
    /// The pod's namespace, if it is a pod's address.
    public var namespace: String {
        get { storage.fields.namespace }
        set { storage = storage.changed { $0.namespace = newValue } }
    }
    /// The pod's name.
    public var podName: String {
        get { storage.fields.podName }
        set { storage = storage.changed { $0.podName = newValue } }
    }
    /// The pod's service account.
    public var serviceAccount: String {
        get { storage.fields.serviceAccount }
        set { storage = storage.changed { $0.serviceAccount = newValue } }
    }
    /// The pod's named ports, in the byte order of their names.
    public var namedPorts: [NamedPort] {
        get { storage.fields.namedPorts }
        set { storage = storage.changed { $0.namedPorts = newValue } }
    }

    /// What is stored.
    struct Fields: Hashable, Sendable {
        var ip: IPKey
        var hostIP: IPAddress?
        var identity: UInt32
        var encryptionKey: UInt8 = 0
        var metadata: String = ""
        var namespace: String = ""
        var podName: String = ""
        var serviceAccount: String = ""
        var namedPorts: [NamedPort] = []
    }

    var storage: RecordStorage<Fields>

    init(_ fields: Fields) {
        storage = RecordStorage(fields)
    }

    /// A record that says nothing of a pod.
    public init(ip: IPKey, hostIP: IPAddress?, identity: UInt32) {
        self.init(Fields(ip: ip, hostIP: hostIP, identity: identity))
    }
}

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
    public var ip: IPKey
    /// The node to which traffic for it is tunnelled.
    public var hostIP: IPAddress?
    /// The number of its identity; below 256: a reserved one, the same in every cluster.
    public var identity: UInt32
    /// The index of the key with which its node encrypts; 0: it does not.
    public var encryptionKey: UInt8 = 0
    /// Free text of the writer.
    public var metadata: String = ""
    /// The pod's namespace, if it is a pod's address.
    public var namespace: String = ""
    /// The pod's name.
    public var podName: String = ""
    /// The pod's service account.
    public var serviceAccount: String = ""
    /// The pod's named ports, in the byte order of their names.
    public var namedPorts: [NamedPort] = []

    /// A record that says nothing of a pod.
    public init(ip: IPKey, hostIP: IPAddress?, identity: UInt32) {
        self.ip = ip
        self.hostIP = hostIP
        self.identity = identity
    }
}

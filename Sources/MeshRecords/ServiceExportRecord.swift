/// A service that a cluster exports by the multi-cluster services API (Cilium's `MCSAPIServiceSpec`).
///
/// It is only read, checked and written here: exports of several clusters are not merged.
public struct ServiceExportRecord: Hashable, Sendable {
    /// A port of an exported service.
    public struct Port: Hashable, Sendable {
        /// The port's name; empty if the service has one port without a name.
        public var name: String
        /// The transport, as Kubernetes writes it: `TCP`, `UDP`, `SCTP`.
        public var transport: String
        /// The protocol above the transport, for example `kubernetes.io/h2c`; `nil`: not said.
        public var applicationProtocol: String?
        /// The port's number.
        public var number: UInt16

        /// Makes a port.
        public init(name: String, transport: String = "TCP", applicationProtocol: String? = nil, number: UInt16) {
            self.name = name
            self.transport = transport
            self.applicationProtocol = applicationProtocol
            self.number = number
        }
    }

    /// The name of its cluster.
    public var cluster: String
    /// The namespace and name of the service.
    public var name: ServiceName
    /// The annotations that are exported with it.
    public var annotations: [String: String] = [:]
    /// The labels that are exported with it.
    public var labels: [String: String] = [:]
    /// When it was exported first, as text of RFC 3339; empty: not said. The oldest of several exports decides.
    public var creationTime: String = ""
    /// The ports, in the order in which the cluster lists them.
    public var ports: [Port] = []
    /// How it is reached: `ClusterSetIP` or `Headless`.
    public var type: String
    /// Whether a client stays with one backend: `ClientIP`, `None`, or empty.
    public var sessionAffinity: String = ""
    /// For how many seconds a client stays with its backend; `nil`: not said.
    public var sessionAffinitySeconds: UInt32?

    /// An export of which nothing else is known.
    public init(cluster: String, name: ServiceName, type: String = "ClusterSetIP") {
        self.cluster = cluster
        self.name = name
        self.type = type
    }
}

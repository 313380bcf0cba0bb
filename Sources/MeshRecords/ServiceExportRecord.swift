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
    public var cluster: String {
        get { storage.fields.cluster }
        set { storage = storage.changed { $0.cluster = newValue } }
    }
    /// The namespace and name of the service.
    public var name: ServiceName {
        get { storage.fields.name }
        set { storage = storage.changed { $0.name = newValue } }
    }
    /// The annotations that are exported with it.
    public var annotations: [String: String] {
        get { storage.fields.annotations }
        set { storage = storage.changed { $0.annotations = newValue } }
    }
    /// The labels that are exported with it.
    public var labels: [String: String] {
        get { storage.fields.labels }
        set { storage = storage.changed { $0.labels = newValue } }
    }
    /// When it was exported first, as text of RFC 3339; empty: not said. The oldest of several exports decides.
    public var creationTime: String {
        get { storage.fields.creationTime }
        set { storage = storage.changed { $0.creationTime = newValue } }
    }
    /// The ports, in the order in which the cluster lists them.
    public var ports: [Port] {
        get { storage.fields.ports }
        set { storage = storage.changed { $0.ports = newValue } }
    }
    /// How it is reached: `ClusterSetIP` or `Headless`.
    public var type: String {
        get { storage.fields.type }
        set { storage = storage.changed { $0.type = newValue } }
    }
    /// Whether a client stays with one backend: `ClientIP`, `None`, or empty.
    public var sessionAffinity: String {
        get { storage.fields.sessionAffinity }
        set { storage = storage.changed { $0.sessionAffinity = newValue } }
    }
    /// For how many seconds a client stays with its backend; `nil`: not said.
    public var sessionAffinitySeconds: UInt32? {
        get { storage.fields.sessionAffinitySeconds }
        set { storage = storage.changed { $0.sessionAffinitySeconds = newValue } }
    }

    /// What is stored.
    struct Fields: Hashable, Sendable {
        var cluster: String
        var name: ServiceName
        var annotations: [String: String] = [:]
        var labels: [String: String] = [:]
        var creationTime: String = ""
        var ports: [Port] = []
        var type: String
        var sessionAffinity: String = ""
        var sessionAffinitySeconds: UInt32?
    }

    var storage: RecordStorage<Fields>

    init(_ fields: Fields) {
        storage = RecordStorage(fields)
    }

    /// An export of which nothing else is known.
    public init(cluster: String, name: ServiceName, type: String = "ClusterSetIP") {
        self.init(Fields(cluster: cluster, name: name, type: type))
    }
}

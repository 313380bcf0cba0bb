public import MeshCore

/// A port of a service's frontend or backend.
public struct ServicePort: Hashable, Sendable {
    /// The port's name; several ports of one address have different names.
    public var name: String
    /// The transport, as Cilium writes it: `TCP`, `UDP`, `SCTP`.
    public var transport: String
    /// The port's number.
    public var number: UInt16

    /// Makes a port.
    public init(name: String, transport: String = "TCP", number: UInt16) {
        self.name = name
        self.transport = transport
        self.number = number
    }
}

/// An address at which a service is offered, with its ports.
public struct ServiceEndpoint: Hashable, Sendable {
    /// The address.
    public var address: IPAddress
    /// The ports, in the byte order of their names.
    public var ports: [ServicePort]

    /// Makes an endpoint; of ports with the same name the last one counts.
    public init(_ address: IPAddress, ports: [ServicePort]) {
        self.address = address
        var byName: [String: ServicePort] = [:]
        for port in ports { byName[port.name] = port }
        self.ports = byName.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}

/// Where a backend runs and for which zones it is meant (topology-aware routing).
public struct BackendZone: Hashable, Sendable {
    /// The backend's zone.
    public var zone: String
    /// The zones that should use it.
    public var forZones: [String]

    /// Makes a zone.
    public init(_ zone: String, forZones: [String] = []) {
        self.zone = zone
        self.forZones = forZones
    }
}

/// A service of one cluster with its backends (Cilium's `ClusterService`).
public struct ServiceRecord: Hashable, Sendable {
    /// The name of its cluster.
    public var cluster: String {
        get { storage.fields.cluster }
        set { storage = storage.changed { $0.cluster = newValue } }
    }
    /// The namespace and name; services of the same name are one global service.
    public var name: ServiceName {
        get { storage.fields.name }
        set { storage = storage.changed { $0.name = newValue } }
    }
    /// Where the cluster itself offers the service. Other clusters do not use these.
    public var frontends: [ServiceEndpoint] { storage.fields.frontends }
    /// Where it is served, in the order of addresses, each address once.
    public var backends: [ServiceEndpoint] { storage.fields.backends }
    /// Names of backends, by the text of their address.
    public var hostnames: [String: String] {
        get { storage.fields.hostnames }
        set { storage = storage.changed { $0.hostnames = newValue } }
    }
    /// Zones of backends, by the text of their address.
    public var zones: [String: BackendZone] {
        get { storage.fields.zones }
        set { storage = storage.changed { $0.zones = newValue } }
    }
    /// The service's labels.
    public var labels: [String: String] {
        get { storage.fields.labels }
        set { storage = storage.changed { $0.labels = newValue } }
    }
    /// The labels that select its backends.
    public var selector: [String: String] {
        get { storage.fields.selector }
        set { storage = storage.changed { $0.selector = newValue } }
    }
    /// Whether the cluster wants other clusters' backends too: the service is *global*.
    public var includeExternal: Bool {
        get { storage.fields.includeExternal }
        set { storage = storage.changed { $0.includeExternal = newValue } }
    }
    /// Whether the cluster offers its backends to others.
    public var shared: Bool {
        get { storage.fields.shared }
        set { storage = storage.changed { $0.shared = newValue } }
    }
    /// The ID of its cluster.
    public var clusterID: UInt32 {
        get { storage.fields.clusterID }
        set { storage = storage.changed { $0.clusterID = newValue } }
    }

    /// What is stored.
    struct Fields: Hashable, Sendable {
        var cluster: String
        var name: ServiceName
        var frontends: [ServiceEndpoint]
        var backends: [ServiceEndpoint]
        var hostnames: [String: String] = [:]
        var zones: [String: BackendZone] = [:]
        var labels: [String: String] = [:]
        var selector: [String: String] = [:]
        var includeExternal: Bool
        var shared: Bool
        var clusterID: UInt32
    }

    var storage: RecordStorage<Fields>

    init(_ fields: Fields) {
        storage = RecordStorage(fields)
    }

    /// Makes a service. An address given twice has the ports of both.
    public init(
        cluster: String,
        name: ServiceName,
        clusterID: UInt32,
        frontends: [ServiceEndpoint] = [],
        backends: [ServiceEndpoint] = [],
        includeExternal: Bool = true,
        shared: Bool = true
    ) {
        self.init(
            Fields(
                cluster: cluster,
                name: name,
                frontends: Self.normalized(frontends),
                backends: Self.normalized(backends),
                includeExternal: includeExternal,
                shared: shared,
                clusterID: clusterID
            )
        )
    }

    static func normalized(_ endpoints: [ServiceEndpoint]) -> [ServiceEndpoint] {
        var merged: [ServiceEndpoint] = []
        // The sort is stable, so that of ports with the same name the later one still counts.
        for endpoint in endpoints.sorted(by: { $0.address < $1.address }) {
            if let last = merged.last, last.address == endpoint.address {
                merged[merged.count - 1] = ServiceEndpoint(endpoint.address, ports: last.ports + endpoint.ports)
            } else {
                merged.append(endpoint)
            }
        }
        return merged
    }
}

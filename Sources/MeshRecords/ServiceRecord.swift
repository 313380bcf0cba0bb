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
    public var cluster: String
    /// The namespace and name; services of the same name are one global service.
    public var name: ServiceName
    /// Where the cluster itself offers the service. Other clusters do not use these.
    public let frontends: [ServiceEndpoint]
    /// Where it is served, in the order of addresses, each address once.
    public let backends: [ServiceEndpoint]
    /// Names of backends, by the text of their address.
    public var hostnames: [String: String] = [:]
    /// Zones of backends, by the text of their address.
    public var zones: [String: BackendZone] = [:]
    /// The service's labels.
    public var labels: [String: String] = [:]
    /// The labels that select its backends.
    public var selector: [String: String] = [:]
    /// Whether the cluster wants other clusters' backends too: the service is *global*.
    public var includeExternal: Bool
    /// Whether the cluster offers its backends to others.
    public var shared: Bool
    /// The ID of its cluster.
    public var clusterID: UInt32

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
        self.cluster = cluster
        self.name = name
        self.clusterID = clusterID
        self.frontends = Self.normalized(frontends)
        self.backends = Self.normalized(backends)
        self.includeExternal = includeExternal
        self.shared = shared
    }

    private static func normalized(_ endpoints: [ServiceEndpoint]) -> [ServiceEndpoint] {
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

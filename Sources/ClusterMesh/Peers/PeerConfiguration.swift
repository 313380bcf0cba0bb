public import MeshClient
public import MeshCore

/// One peer: a cluster to mirror.
public struct PeerConfiguration: Hashable, Sendable {
    /// The most endpoints of one peer: 64.
    public static let maximumEndpoints = 64

    /// The peer's name. Records in another name are refused.
    public var name: ClusterName

    /// The peer's number; a peer that says it has another one is refused. `nil`: the number that it publishes, unless
    /// another cluster of the mesh has it.
    public var id: ClusterID?

    /// Where its server, or a real etcd with its state, is reached: `https://host:port`, one to ``maximumEndpoints``,
    /// tried in random order.
    public var endpoints: [EtcdEndpoint]

    /// The certificate that this agent shows to the peer, its key, and the roots that the peer's certificate must lead
    /// to.
    public var credentials: TLSCredentials

    /// A peer reached at `endpoints`.
    ///
    /// - Parameter id: The peer's number; `nil`, the default, takes the one that it publishes.
    /// - Throws: ``MeshCore/ClusterNamingError`` for a name or number that cannot be a cluster's,
    ///   ``MeshClient/EtcdEndpointError`` for a text that is no endpoint.
    public init(
        name: some StringProtocol,
        id: Int? = nil,
        endpoints: [String],
        credentials: TLSCredentials,
        idSpace: ClusterID.Space = .clusters255
    ) throws {
        self.init(
            name: try ClusterName(name),
            id: try id.map { number throws(ClusterNamingError) in try ClusterID(number, in: idSpace) },
            endpoints: try endpoints.map { try EtcdEndpoint(url: $0) },
            credentials: credentials
        )
    }

    /// A peer whose name, number and endpoints are checked already.
    public init(name: ClusterName, id: ClusterID? = nil, endpoints: [EtcdEndpoint], credentials: TLSCredentials) {
        self.name = name
        self.id = id
        self.endpoints = endpoints
        self.credentials = credentials
    }

    /// Whether a mirror of this peer can become one of `other` while it runs. A peer of which another number is expected
    /// is another cluster: what was said of the former goes first.
    func canBecome(_ other: PeerConfiguration) -> Bool {
        name == other.name && id == other.id
    }
}

extension PeerConfiguration {
    /// Checks what must be unique and in range among the peers of the cluster `name`.
    ///
    /// - Throws: ``MeshConfigurationError`` that names the peer.
    static func check(_ peers: [PeerConfiguration], of name: ClusterName, _ id: ClusterID)
        throws(MeshConfigurationError)
    {
        guard peers.count <= MeshConfiguration.maximumPeers else {
            throw MeshConfigurationError(
                "\(peers.count) peers are configured; at most \(MeshConfiguration.maximumPeers) are possible")
        }
        var names: Set<ClusterName> = []
        var holders: [ClusterID: ClusterName] = [id: name]
        for peer in peers {
            if peer.name.isUnmeshed {
                throw MeshConfigurationError("peer '\(peer.name)': \(ClusterName.unmeshedFault)")
            }
            if peer.name == name {
                throw MeshConfigurationError("peer '\(peer.name)' has this cluster's own name; remove it or rename it")
            }
            guard names.insert(peer.name).inserted else {
                throw MeshConfigurationError("peer '\(peer.name)' is configured twice; keep one of them")
            }
            if let id = peer.id, let holder = holders.updateValue(peer.name, forKey: id) {
                throw MeshConfigurationError(
                    "peer '\(peer.name)' and cluster '\(holder)' both have ID \(id); IDs are unique in a mesh"
                )
            }
            guard !peer.endpoints.isEmpty else {
                throw MeshConfigurationError(
                    "peer '\(peer.name)' has no endpoint; give it at least one https://host:port")
            }
            guard peer.endpoints.count <= maximumEndpoints else {
                throw MeshConfigurationError(
                    "peer '\(peer.name)' has \(peer.endpoints.count) endpoints; at most \(maximumEndpoints) are possible"
                )
            }
        }
    }
}

extension ClusterName {
    /// What is said of a name that is no meshed cluster's.
    static let unmeshedFault = "this is the name of a cluster that is not part of a mesh; choose another one"

    /// Whether it is the name that a cluster has as long as nobody gave it one (Cilium's rule).
    var isUnmeshed: Bool { rawValue == "default" }
}

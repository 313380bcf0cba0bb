public import CoreMetrics
internal import MeshClient
public import MeshCore
public import MeshLocalAPI
public import MeshMirror
public import MeshReplica
public import MeshStore
internal import MeshTLS
public import MeshWatcher

/// Where the cluster's own agents write to a ``MeshAgent``'s store over etcd's API, and who they are.
public struct LocalListenerConfiguration: Hashable, Sendable {
    /// Where to listen. Default: 127.0.0.1, on a free port.
    public var address: LocalAddress

    /// Whose certificates may write; `nil`, the default, is `admin-` and the cluster's name.
    public var writers: [AccessRole.Match]?

    /// Whether they may also write what belongs to other clusters, as a KVStoreMesh does, which copies it to where the
    /// cluster's own agents read it. Other clusters can read none of it. Default false.
    public var allowsCacheWrites = false

    /// The defaults, at an address.
    public init(address: LocalAddress = .loopback()) {
        self.address = address
    }
}

/// Where a ``MeshAgent``'s own state comes from.
public enum MeshSource: Sendable {
    /// From this process, and from the cluster's own agents where there is a local listener.
    case local
    /// From an etcd of the cluster's own, of which the agent is a read-only proxy.
    case follow(ReplicaConfiguration)
}

/// What a ``MeshAgent`` is: one cluster, where it serves, and whom it mirrors.
public struct MeshConfiguration: Sendable {
    /// The most peers of one agent: as many as the larger number space has besides the own cluster.
    public static let maximumPeers = 510

    /// The own cluster's name.
    public var name: ClusterName

    /// The own cluster's number.
    public var id: ClusterID

    /// How many clusters the mesh can have; the same in all its clusters. Default 255.
    public var idSpace: ClusterID.Space

    /// The address that other clusters connect to. Default 127.0.0.1.
    public var host = "127.0.0.1"

    /// The port that other clusters connect to; 0, the default, takes a free one.
    public var port = 0

    /// The URLs at which other clusters reach the server, as etcd's list of members tells them; empty, the default, for
    /// the one that ``host`` and the port make. At most 64.
    public var advertisedURLs: [String] = []

    /// The server's certificate and key, and the roots that clients' certificates must lead to.
    public var credentials: TLSCredentials

    /// Where the own state comes from. Default ``MeshSource/local``.
    public var source = MeshSource.local

    /// Where the cluster's own agents write from outside; `nil`, the default, where only this process does. Not
    /// beside a followed etcd.
    public var local: LocalListenerConfiguration?

    /// The clusters to mirror from the beginning. Default none; at most ``maximumPeers``. ``MeshAgent/setPeers(_:)``
    /// replaces them while the agent runs.
    public var peers: [PeerConfiguration] = []

    /// The clusters that may read the own state, each with a certificate `remote-<name>`; `nil`, the default, is every
    /// cluster of the mesh, as in Cilium. Clusters that share services of one provider, and are to know nothing of each
    /// other, admit that provider only. A certificate `remote`, which names no cluster, is refused then.
    public var admittedClusters: [ClusterName]?

    /// A directory with one file for each further peer, named like the peer, that are picked up, changed and removed
    /// while the agent runs; `nil`, the default, for none. Together with ``peers`` at most ``maximumPeers`` count; what
    /// both name is taken from ``peers``. See <doc:Peers>.
    public var peersDirectory: String?

    /// What the own cluster config says of service exports (Cilium's `serviceExportsEnabled`): whether the store holds
    /// any. `nil`, the default, says that the cluster does not know them.
    public var serviceExportsEnabled: Bool?

    /// Who may read besides other clusters (Cilium's roles); empty by default.
    public var additionalRoles: [AccessRole] = []

    /// How often the heartbeat key of the own store is rewritten while the agent runs; peers take a cluster for dead that
    /// they heard none of for two minutes. Default 60 s (Cilium's), which is the longest; at least 100 ms.
    public var heartbeatInterval: Duration = .seconds(60)

    /// The bounds of the own store.
    public var store = KVStoreConfiguration()

    /// How what is mirrored is shown to the cluster's own agents; `nil`, the default, where it is not.
    public var republishing: RepublishingConfiguration?

    /// The bounds of what readers can make the server hold and do.
    public var serverLimits = WatcherLimits()

    /// Whether a peer's records are taken only once it published its cluster config. Default true; false for a bare
    /// etcd that nobody wrote one into.
    public var requiresClusterConfig = true

    /// The backend that is told how the mirrors and the server are doing: see the page *Metrics*. Default: the one that
    /// `MetricsSystem` has when the configuration is made.
    public var metrics: any MetricsFactory = MetricsSystem.factory

    /// How often the backend is told.
    package var metricsPeriod = Duration.seconds(1)

    /// Changes a mirror's bounds and times before it is made; does nothing by default.
    public var adjustMirror: @Sendable (inout MirrorConfiguration) -> Void = { _ in }

    /// The configuration of a cluster without peers.
    ///
    /// - Throws: ``MeshCore/ClusterNamingError`` for a name or number that cannot be a cluster's.
    public init(
        name: some StringProtocol,
        id: Int,
        credentials: TLSCredentials,
        idSpace: ClusterID.Space = .clusters255
    ) throws {
        self.init(
            name: try ClusterName(name), id: try ClusterID(id, in: idSpace), credentials: credentials, idSpace: idSpace)
    }

    /// The configuration of a cluster without peers, whose name and number are checked already.
    public init(
        name: ClusterName,
        id: ClusterID,
        credentials: TLSCredentials,
        idSpace: ClusterID.Space = .clusters255
    ) {
        self.name = name
        self.id = id
        self.idSpace = idSpace
        self.credentials = credentials
    }
}

/// A configuration that cannot work, and why.
public struct MeshConfigurationError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, with which cluster or peer, and what to do.
    public var message: String

    /// The error behind it, if there is one.
    public var cause: (any Error)?

    init(_ message: String, cause: (any Error)? = nil) {
        self.message = message
        self.cause = cause
    }

    /// What is said to whoever would write to an agent that follows an etcd.
    static func follows(_ cluster: ClusterName) -> MeshConfigurationError {
        MeshConfigurationError("cluster '\(cluster)' follows an etcd and has no store of its own; write to that etcd")
    }

    public var description: String { message }
}

extension MeshConfiguration {
    /// Checks what must be unique and in range.
    ///
    /// - Throws: ``MeshConfigurationError`` that names the peer.
    func validate() throws(MeshConfigurationError) {
        if case .follow = source, local != nil { throw .follows(name) }
        guard (.milliseconds(100)...Duration.seconds(60)).contains(heartbeatInterval) else {
            throw MeshConfigurationError("heartbeatInterval is \(heartbeatInterval); allowed is 100 ms to 60 s")
        }
        if name.isUnmeshed { throw MeshConfigurationError("cluster '\(name)': \(ClusterName.unmeshedFault)") }
        try PeerConfiguration.check(peers, of: name, id)
        if let fault = republishing?.fault {
            throw MeshConfigurationError("republishing in cluster '\(name)': \(fault)")
        }
        if peersDirectory?.isEmpty == true {
            throw MeshConfigurationError("the peers' directory has no name; give its path, or none")
        }
    }

    /// The server's part of the configuration.
    var server: WatcherServerConfiguration {
        var server = WatcherServerConfiguration(cluster: name, credentials: credentials, verifier: .mesh())
        server.host = host
        server.port = port
        server.advertisedURLs = advertisedURLs
        server.access = .cilium(cluster: name, admitting: admittedClusters, adding: additionalRoles)
        server.limits = serverLimits
        server.metrics = metrics
        return server
    }

    /// The local server's part of the configuration; `nil` without one.
    var localServer: LocalServerConfiguration? {
        guard let local else { return nil }
        var server = LocalServerConfiguration(cluster: name, credentials: credentials, verifier: .mesh())
        server.address = local.address
        server.writing = .cilium(cluster: name, writers: local.writers, allowsCacheWrites: local.allowsCacheWrites)
        // Who may read at one of the two endpoints may read the same at the other; other clusters have one.
        server.readers += additionalRoles
        return server
    }

    /// The part of the mirror of `peer`, which is what `verifier` says it is, and has a number that `reservation` gave it.
    func mirror(
        of peer: PeerConfiguration, _ verifier: PeerVerifier, _ reservation: ClusterIDReservation
    ) -> MirrorConfiguration {
        var mirror = MirrorConfiguration(
            cluster: peer.name,
            id: peer.id,
            endpoints: peer.endpoints,
            credentials: peer.credentials,
            verifier: verifier
        )
        mirror.idReservation = reservation
        mirror.idSpace = idSpace
        mirror.requiresClusterConfig = requiresClusterConfig
        adjustMirror(&mirror)
        return mirror
    }
}

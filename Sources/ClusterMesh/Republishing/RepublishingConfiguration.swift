internal import MeshCore
public import MeshStore
public import MeshWatcher

/// How an agent shows what it mirrors to the cluster's own agents, so that each peer is read once for all of them (what
/// Cilium's KVStoreMesh does).
///
/// The copies lie in a store of their own, behind a server of their own: what third clusters said is never in the store
/// that other clusters read.
public struct RepublishingConfiguration: Sendable {
    /// The address that the cluster's own agents connect to. Default 127.0.0.1.
    public var host = "127.0.0.1"

    /// The port that they connect to; 0, the default, takes a free one.
    public var port = 0

    /// The URLs at which they reach it, as etcd's list of members tells them; empty, the default, for the one that
    /// ``host`` and the port make. At most 64.
    public var advertisedURLs: [String] = []

    /// Whose certificates may read besides `local-` and the cluster's name; none by default. A certificate with which
    /// another cluster reads this one is refused here.
    public var readers: [AccessRole.Match] = []

    /// For how long the copies of a peer that left are kept once its config is gone, so that readers can close their
    /// connections first. Default 3 min (Cilium's); 0…1 day.
    public var removalGrace: Duration = .seconds(180)

    /// The bounds of the store of the copies. `maximumKeys` (2,000,000 here) and `maximumBytes` (1 GiB) are the budget of
    /// all peers together: where it ends, the peer that has most of it is taken out as a whole, and reported. The bounds
    /// of a transaction do not count, as nobody else writes there: what a peer wrote together is copied together.
    public var store: KVStoreConfiguration

    /// The bounds of what readers can make the server hold and do.
    ///
    /// All agents of a cluster usually have certificates with one name, and each has a stream for every peer: what a name
    /// may have is bounded here like what all may have. Streams of a name 100,000, calls 100,000, watches 2,000,000,
    /// unread bytes 1 GiB; the others as everywhere.
    public var limits: WatcherLimits

    /// The defaults.
    public init() {
        store = KVStoreConfiguration()
        store.maximumKeys = 2_000_000
        store.maximumBytes = 1 << 30
        limits = WatcherLimits()
        limits.streamsPerPeer = limits.streams
        limits.callsPerPeer = limits.streams
        limits.watchesPerPeer = 2_000_000
        limits.unreadBytesPerPeer = 1 << 30
    }
}

extension RepublishingConfiguration {
    /// What is wrong with the configuration; `nil` if nothing that can be seen from here.
    var fault: String? {
        guard (.zero...Duration.seconds(86_400)).contains(removalGrace) else {
            return "removalGrace is \(removalGrace); allowed is 0 to 1 day"
        }
        guard !readers.contains(where: \.canBeAnotherCluster) else {
            return
                "one of the readers can be a certificate 'remote' or 'remote-<name>', with which other clusters read "
                + "this one; what is cached of third clusters is for the own cluster's agents only"
        }
        return nil
    }

    /// The server's part of the configuration. Other clusters have no role there.
    func server(
        of cluster: ClusterName, credentials: TLSCredentials, verifier: PeerVerifier
    ) -> WatcherServerConfiguration {
        var server = WatcherServerConfiguration(cluster: cluster, credentials: credentials, verifier: verifier)
        server.host = host
        server.port = port
        server.advertisedURLs = advertisedURLs
        server.limits = limits
        server.metricsLabel = "cache"
        let local = AccessPolicy.cilium(cluster: cluster).roles.filter { $0.match != .remoteCluster }
        server.access = AccessPolicy(
            roles: local + readers.map { AccessRole($0, mayRead: local.flatMap(\.readable.ranges)) })
        return server
    }

    /// The store's part.
    var storeConfiguration: KVStoreConfiguration {
        var store = store
        store.maximumTransactionOperations = .max
        store.maximumRequestBytes = .max
        return store
    }
}

public import MeshClient
public import MeshCore

/// Which peer a mirror follows, and within which bounds.
public struct MirrorConfiguration: Sendable {
    /// The peer's name; records in another cluster's name are refused.
    public var cluster: ClusterName

    /// The peer's number; a peer that says it has another one is refused. `nil` takes whatever number the peer publishes;
    /// should it change, everything is withdrawn before anything of the new number is taken. Nothing is taken from a peer
    /// that publishes none then.
    public var id: ClusterID?

    /// What keeps two clusters from having the same number. Default: nothing does.
    public var idReservation: ClusterIDReservation = .unchecked

    /// How many clusters the mesh can have, which decides which identities are the peer's. Default 255.
    public var idSpace: ClusterID.Space = .clusters255

    /// The peer's endpoints, at least one; they are tried in random order.
    public var endpoints: [EtcdEndpoint]

    /// The own client certificate, its key, and the roots that the peer's certificate must lead to.
    public var credentials: TLSCredentials

    /// Judges the peer's certificate.
    public var verifier: PeerVerifier

    /// Whether nothing is taken from a peer before it published its cluster config. Default true. A config that is
    /// there is checked either way.
    public var requiresClusterConfig = true

    /// The cluster whose server is connected to, by its certificate; `nil`, the default, is the peer's own. Another
    /// cluster may serve copies of the peer's state (``MeshRecords/RecordLayout/cached``).
    public var serverCluster: ClusterName?

    /// How long a connection may wait for the peer's cluster config; after it another endpoint is tried. Default 3 min
    /// (Cilium's); 1 s…1 day.
    public var identifyTimeout: Duration = .seconds(180)

    /// The silence after which a peer that writes no heartbeat counts as dead, by the own clock: the connection is given
    /// up, and another endpoint tried. Default 120 s, twice the time in which it is written; 1 s…1 day; `nil` for never.
    ///
    /// Where no cluster config is required, a heartbeat is expected only of a peer that once wrote one.
    public var heartbeatTimeout: Duration? = .seconds(120)

    /// How long services and service exports are kept of a peer that is away; nodes, identities and IPs are kept
    /// longer, so that open connections stay what they are. Default `nil`, for ever; 1 s…365 days.
    public var serviceTimeToLive: Duration?

    /// Who gets what is taken from the peer, as bytes. Default: nobody.
    public var sink: (any MirrorSink)?

    /// The pairs that a page of a listing holds at most. Default 256 (Cilium's); 1…10,000.
    public var pageSize = 256

    /// How long to wait before connecting again. Default: drawn from 0…5 s after the loss of a synchronised peer, then
    /// under a bound that doubles up to 60 s.
    public var backoff = Backoff.Configuration()

    /// The time that connecting may take, TLS included. Default 10 s; 100 ms…5 min.
    public var connectTimeout: Duration = .seconds(10)

    /// The time that a read may take, connecting included. Default 30 s; 1 s…1 day.
    public var requestTimeout: Duration = .seconds(30)

    /// How long the peer may take to confirm a watch. Default 10 s; 1 s…1 day.
    public var watchTimeout: Duration = .seconds(10)

    /// The time without anything received after which the peer is pinged. Default 15 s; 1 s…1 h.
    public var keepaliveTime: Duration = .seconds(15)

    /// The time after which an unanswered ping ends the connection. Default 25 s; 1 s…10 min.
    public var keepaliveTimeout: Duration = .seconds(25)

    /// What the peer may send before it is asked for, in bytes. Default 1 MiB; 4 KiB…64 MiB.
    public var receiveWindowBytes = 1 << 20

    /// The most keys that are taken from the peer, refused records included. Default 500,000; at least 1.
    public var maximumKeys = 500_000

    /// The most bytes of encoded pairs that are taken from the peer. Default 512 MiB; at least 1.
    public var maximumBytes = 512 << 20

    /// How fast what the peer holds is read while it is not synchronised on a connection, in pairs a second, each KiB of
    /// a larger pair counted as one; beyond a second's worth the mirror reads nothing for a while. Only as many as
    /// ``maximumKeys`` are read so fast, and come back at ``steadyRate``. Default 200,000; 100…10,000,000.
    public var bootstrapRate = 200_000

    /// How fast changes are read once the peer is synchronised, counted like ``bootstrapRate``. Default 10,000 a second;
    /// 100…10,000,000.
    public var steadyRate = 10_000

    /// After how many records decoding lets other tasks run. Default 256; 1…256.
    public var recordsPerTurn = 256

    /// The changes that wait for a slow subscriber at most; beyond them it gets the difference to the present state
    /// instead. Default 10,000; at least 1.
    public var maximumPendingChanges = 10_000

    /// A mirror of `cluster` with the defaults.
    public init(
        cluster: ClusterName,
        id: ClusterID? = nil,
        endpoints: [EtcdEndpoint],
        credentials: TLSCredentials,
        verifier: PeerVerifier
    ) {
        self.cluster = cluster
        self.id = id
        self.endpoints = endpoints
        self.credentials = credentials
        self.verifier = verifier
    }
}

/// A mirror's configuration that can't be used, and why.
public struct MirrorConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}

extension MirrorConfiguration {
    /// What is wrong with the configuration; `nil` if nothing. What only a connection shows is not looked at.
    var fault: String? {
        if endpoints.isEmpty { return "no endpoint is given" }
        if let id, id.rawValue > UInt32(idSpace.rawValue) {
            return "cluster ID \(id) is not in 1…\(idSpace.rawValue), which the mesh has room for"
        }
        let longest = Duration.seconds(86_400)
        let faults = [
            Self.fault("identifyTimeout", identifyTimeout, .seconds(1), longest),
            heartbeatTimeout.flatMap { Self.fault("heartbeatTimeout", $0, .seconds(1), longest) },
            serviceTimeToLive.flatMap { Self.fault("serviceTimeToLive", $0, .seconds(1), longest * 365) },
            Self.fault("connectTimeout", connectTimeout, .milliseconds(100), .seconds(300)),
            Self.fault("requestTimeout", requestTimeout, .seconds(1), longest),
            Self.fault("watchTimeout", watchTimeout, .seconds(1), longest),
            Self.fault("keepaliveTime", keepaliveTime, .seconds(1), .seconds(3600)),
            Self.fault("keepaliveTimeout", keepaliveTimeout, .seconds(1), .seconds(600)),
            Self.fault("receiveWindowBytes", receiveWindowBytes, 4096, 64 << 20),
            Self.fault("pageSize", pageSize, 1, 10_000),
            Self.fault("maximumKeys", maximumKeys, 1, .max),
            Self.fault("maximumBytes", maximumBytes, 1, .max),
            Self.fault("bootstrapRate", bootstrapRate, 100, 10_000_000),
            Self.fault("steadyRate", steadyRate, 100, 10_000_000),
            Self.fault("recordsPerTurn", recordsPerTurn, 1, 256),
            Self.fault("maximumPendingChanges", maximumPendingChanges, 1, .max),
        ]
        return faults.lazy.compactMap { $0 }.first
    }

    private static func fault<Value: Comparable>(_ name: String, _ value: Value, _ least: Value, _ most: Value)
        -> String?
    {
        (least...most).contains(value) ? nil : "\(name) is \(value); allowed is \(least) to \(most)"
    }

    /// How the reader of one endpoint is made.
    func reader(
        of endpoint: EtcdEndpoint, _ credentials: TLSCredentials, _ verifier: PeerVerifier
    ) -> EtcdReaderConfiguration {
        var reader = EtcdReaderConfiguration(endpoint: endpoint, credentials: credentials, verifier: verifier)
        reader.cluster = serverCluster ?? cluster
        reader.connectTimeout = connectTimeout
        reader.requestTimeout = requestTimeout
        reader.keepaliveTime = keepaliveTime
        reader.keepaliveTimeout = keepaliveTimeout
        reader.receiveWindowBytes = receiveWindowBytes
        return reader
    }

    /// How fast what the peer sends is read.
    var applyRate: ApplyRate {
        ApplyRate(ApplyRate.Limits(bootstrap: bootstrapRate, steady: steadyRate, allowance: maximumKeys))
    }

    /// How the ranges are followed.
    var following: FollowConfiguration {
        var following = FollowConfiguration()
        following.pageSize = pageSize
        following.watchTimeout = watchTimeout
        following.budget = FollowBudget(maximumKeys: maximumKeys, maximumBytes: maximumBytes)
        following.controlRanges = Set(MirrorRange.control.map(\.index))
        return following
    }
}

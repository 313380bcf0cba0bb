public import MeshClient
public import MeshCore

/// Which etcd a replica follows, and within which bounds.
public struct ReplicaConfiguration: Sendable {
    /// The most endpoints that may be given.
    public static let maximumEndpoints = 5

    /// Where the etcd's members are reached: one to five, all of one etcd cluster; they are tried in random order.
    public var endpoints: [EtcdEndpoint]

    /// The own client certificate, its key, and the roots that the members' certificates must lead to.
    public var credentials: TLSCredentials

    /// Judges the members' certificates.
    public var verifier: PeerVerifier

    /// The cluster that the members' certificates must be of, where they name one; `nil`, the default, expects only the
    /// endpoint's host.
    public var cluster: ClusterName?

    /// The keys that are followed: all, which is the default, or one range. A read of other keys finds nothing.
    ///
    /// Of one range only, the revision can be told no further than the etcd's answers to requests for progress say it,
    /// so that versions that answer these wrongly or never are refused: 3.4 before 3.4.31, 3.5 before 3.5.13 (etcd
    /// issues 15220 and 17507).
    public var range = KeyRange.all

    /// How long a read that must be fresh may wait for its confirmation. Default 5 s; 10 ms…1 h.
    public var freshReadTimeout: Duration = .seconds(5)

    /// The reads that may wait to be confirmed at a time; one more is refused with ResourceExhausted. Default 10,000;
    /// 1…1,000,000.
    public var maximumFreshReads = 10_000

    /// How long to wait before connecting again, once every endpoint was tried. Default: drawn from 0…500 ms after the
    /// loss of an etcd that was followed, then under a bound that doubles up to 10 s.
    public var backoff: Backoff.Configuration = {
        var backoff = Backoff.Configuration()
        backoff.firstBound = .milliseconds(500)
        backoff.maximumBound = .seconds(10)
        return backoff
    }()

    /// The time that connecting may take, TLS included. Default 5 s; 100 ms…5 min.
    public var connectTimeout: Duration = .seconds(5)

    /// The time that a read may take, connecting included. Default 30 s; 1 s…1 day.
    public var requestTimeout: Duration = .seconds(30)

    /// How long a member may take to confirm a watch. Default 10 s; 1 s…1 day.
    public var watchTimeout: Duration = .seconds(10)

    /// The time without anything received after which the member is pinged. Default 10 s; 1 s…1 h. etcd ends
    /// connections that ping more often than every 5 s.
    public var keepaliveTime: Duration = .seconds(10)

    /// The time after which an unanswered ping ends the connection. Default 10 s; 1 s…10 min.
    public var keepaliveTimeout: Duration = .seconds(10)

    /// What the member may send before it is asked for, in bytes. Default 4 MiB; 4 KiB…64 MiB.
    public var receiveWindowBytes = 4 << 20

    /// The pairs that a page of a listing holds at most. Default 1,000; 1…10,000.
    public var pageSize = 1_000

    /// The most keys. An etcd that has more is not followed: half a copy is none. Default 2,000,000; at least 1.
    public var maximumKeys = 2_000_000

    /// The most bytes of encoded pairs, as ``maximumKeys``. Default 2 GiB (etcd's own quota); at least 1.
    public var maximumBytes = 2 << 30

    /// A replica of the etcd at `endpoints` with the defaults.
    public init(endpoints: [EtcdEndpoint], credentials: TLSCredentials, verifier: PeerVerifier) {
        self.endpoints = endpoints
        self.credentials = credentials
        self.verifier = verifier
    }
}

/// A replica's configuration that can't be used, and why.
public struct ReplicaConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}

extension ReplicaConfiguration {
    /// What is wrong with the configuration; `nil` if nothing. What only a connection shows is not looked at.
    var fault: String? {
        if endpoints.isEmpty { return "no endpoint is given" }
        if endpoints.count > Self.maximumEndpoints {
            return "\(endpoints.count) endpoints are given; allowed are 1 to \(Self.maximumEndpoints)"
        }
        if range.isEmpty || range.lower.isEmpty { return "no key can be in the followed range \(range)" }
        let longest = Duration.seconds(86_400)
        let faults = [
            Self.fault("freshReadTimeout", freshReadTimeout, .milliseconds(10), .seconds(3_600)),
            Self.fault("maximumFreshReads", maximumFreshReads, 1, 1_000_000),
            Self.fault("connectTimeout", connectTimeout, .milliseconds(100), .seconds(300)),
            Self.fault("requestTimeout", requestTimeout, .seconds(1), longest),
            Self.fault("watchTimeout", watchTimeout, .seconds(1), longest),
            Self.fault("keepaliveTime", keepaliveTime, .seconds(1), .seconds(3_600)),
            Self.fault("keepaliveTimeout", keepaliveTimeout, .seconds(1), .seconds(600)),
            Self.fault("receiveWindowBytes", receiveWindowBytes, 4_096, 64 << 20),
            Self.fault("pageSize", pageSize, 1, 10_000),
            Self.fault("maximumKeys", maximumKeys, 1, .max),
            Self.fault("maximumBytes", maximumBytes, 1, .max),
        ]
        return faults.lazy.compactMap { $0 }.first
    }

    private static func fault<Value: Comparable>(
        _ name: String,
        _ value: Value,
        _ least: Value,
        _ most: Value
    ) -> String? {
        (least...most).contains(value) ? nil : "\(name) is \(value); allowed is \(least) to \(most)"
    }

    /// Whether answers to requests for progress are needed to know the revision.
    var needsProgress: Bool { range != .all }

    /// How the reader of one endpoint is made.
    func reader(of endpoint: EtcdEndpoint) -> EtcdReaderConfiguration {
        var reader = EtcdReaderConfiguration(endpoint: endpoint, credentials: credentials, verifier: verifier)
        reader.cluster = cluster
        reader.connectTimeout = connectTimeout
        reader.requestTimeout = requestTimeout
        reader.keepaliveTime = keepaliveTime
        reader.keepaliveTimeout = keepaliveTimeout
        reader.receiveWindowBytes = receiveWindowBytes
        return reader
    }

    /// How the range is followed.
    var following: FollowConfiguration {
        var following = FollowConfiguration()
        following.pageSize = pageSize
        following.watchTimeout = watchTimeout
        following.budget = FollowBudget(maximumKeys: maximumKeys, maximumBytes: maximumBytes)
        following.takesProgress = needsProgress
        return following
    }
}

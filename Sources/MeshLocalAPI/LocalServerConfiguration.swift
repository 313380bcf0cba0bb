public import MeshCore
public import MeshWatcher

/// Where a ``LocalServer`` listens, who it says it is, and what it allows.
public struct LocalServerConfiguration: Sendable {
    /// The cluster whose store is served; refusals name it.
    public var cluster: ClusterName

    /// Where to listen. Default: 127.0.0.1, on a free port.
    public var address = LocalAddress.loopback()

    /// The server's certificate and key, and the roots that clients' certificates must lead to. Clients of a Unix socket
    /// compare the certificate with the cluster's name or with `localhost`.
    public var credentials: TLSCredentials

    /// Judges clients' certificates, at each handshake and each call. A client without a certificate is always refused.
    public var verifier: PeerVerifier

    /// Who may write, and which keys; writers read everything. Default: ``WritePolicy/cilium(cluster:writers:allowsCacheWrites:)``
    /// of the cluster.
    public var writing: WritePolicy

    /// Who else may read here, and which keys. Default: `local-<cluster>`, as on the server that other clusters reach;
    /// other clusters have nothing to read here.
    public var readers: [AccessRole]

    /// The bounds of what clients can make the server hold and do. Of the bytes of a request, 512 KiB more are taken off
    /// the wire, as etcd does, so that one that is somewhat too large is answered with etcd's own error.
    public var limits: WatcherLimits

    /// How many keep-alives of leases may wait on a stream; 1…65,536, default 128. At this number the stream is not
    /// read any further until half of them are answered.
    public var pendingKeepAlivesPerStream = 128

    /// How long a watch that asked for progress stays quiet before it is sent an empty message; at least 10 ms,
    /// default 10 minutes (etcd's).
    public var progressInterval: Duration = .seconds(600)

    /// How long calls that are under way may take to finish when the server stops; streams are ended at once. Not
    /// negative, default 5 s.
    public var shutdownGrace: Duration = .seconds(5)

    /// The defaults for a cluster.
    public init(cluster: ClusterName, credentials: TLSCredentials, verifier: PeerVerifier) {
        self.cluster = cluster
        self.credentials = credentials
        self.verifier = verifier
        writing = .cilium(cluster: cluster)
        readers = AccessPolicy.cilium(cluster: cluster).roles.filter { $0.match != .remoteCluster }
        limits = WatcherLimits()
        // A transaction inside a transaction costs two.
        limits.nestingDepth = 64
    }

    /// Who may read which keys: the readers theirs, writers all.
    static func access(writing: WritePolicy, readers: [AccessRole]) -> AccessPolicy {
        AccessPolicy(roles: readers + writing.writers.map { AccessRole($0, mayRead: [.all]) })
    }

    /// How much more than a request's bytes is taken off the wire.
    static let requestOverheadBytes = 512 << 10

    /// What is wrong with the configuration; `nil` if nothing that can be seen from here.
    var fault: String? {
        if progressInterval < .milliseconds(10) {
            return "progressInterval is \(progressInterval); it must be at least 10 ms"
        }
        if shutdownGrace < .zero { return "shutdownGrace is \(shutdownGrace); it must not be negative" }
        if !(1...65_536).contains(pendingKeepAlivesPerStream) {
            return "pendingKeepAlivesPerStream is \(pendingKeepAlivesPerStream); allowed is 1 to 65536"
        }
        return limits.fault
    }
}

/// Why a ``LocalServer`` could not start, or could not be changed.
public struct LocalServerError: Error, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public struct Code: Hashable, Sendable {
        private enum Value { case invalidConfiguration, cannotListen, credentialsNotReplaced }

        private let value: Value

        /// The configuration asks for what cannot be; the message names the setting.
        public static let invalidConfiguration = Code(value: .invalidConfiguration)
        /// The address could not be listened on, or the credentials could not be used.
        public static let cannotListen = Code(value: .cannotListen)
        /// Other credentials could not be put in the place of those that are used, which still are.
        public static let credentialsNotReplaced = Code(value: .credentialsNotReplaced)
    }

    /// What kind of fault it is.
    public var code: Code

    /// What happened and what to do about it.
    public var message: String

    /// The error behind it, if there is one.
    public var cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}

public import CoreMetrics
public import MeshCore

/// Where a ``WatcherServer`` listens, who it says it is, and what it allows.
public struct WatcherServerConfiguration: Sendable {
    /// The cluster whose store is served; refusals name it.
    public var cluster: ClusterName

    /// The address to listen on. Default 127.0.0.1.
    public var host = "127.0.0.1"

    /// The port to listen on; 0, the default, takes a free one.
    public var port = 0

    /// Where clients reach the server, as its list of members tells them: `clientv3` and `etcdctl --cluster` dial these.
    /// Default, and if empty: `https://`, ``host`` and the port, which no other machine can reach if the host is a
    /// loopback address or stands for all addresses. At most 64, each an `https://` URL of at most 2,048 bytes.
    public var advertisedURLs: [String] = []

    /// The server's certificate and key, and the roots that clients' certificates must lead to.
    public var credentials: TLSCredentials

    /// Judges clients' certificates, at each handshake. A client without a certificate is always refused.
    public var verifier: PeerVerifier

    /// Who may read which keys. Default: ``AccessPolicy/cilium(cluster:adding:)`` of the cluster.
    public var access: AccessPolicy

    /// The bounds of what peers can make the server hold and do.
    public var limits = WatcherLimits()

    /// How long a watch that asked for progress stays quiet before it is sent an empty message; at least 10 ms,
    /// default 10 minutes (etcd's). It comes up to a tenth of the interval, and at most 10 s, late.
    public var progressInterval: Duration = .seconds(600)

    /// How long calls that are under way may take to finish when the server stops; streams are ended at once. Not
    /// negative, default 5 s.
    public var shutdownGrace: Duration = .seconds(5)

    /// The backend that is told about the server's watches: see the page *Metrics*. Default: the one that
    /// `MetricsSystem` has when the configuration is made.
    public var metrics: any MetricsFactory = MetricsSystem.factory

    /// How often it is told.
    package var metricsPeriod = ReadServicesConfiguration.defaultMetricsPeriod

    /// The label that tells the metrics of servers of one cluster apart.
    package var metricsLabel = "watcher"

    /// The defaults for a cluster.
    public init(cluster: ClusterName, credentials: TLSCredentials, verifier: PeerVerifier) {
        self.cluster = cluster
        self.credentials = credentials
        self.verifier = verifier
        access = .cilium(cluster: cluster)
    }

    /// What is wrong with the configuration; `nil` if nothing that can be seen from here.
    var fault: String? {
        if progressInterval < .milliseconds(10) {
            return "progressInterval is \(progressInterval); it must be at least 10 ms"
        }
        if shutdownGrace < .zero { return "shutdownGrace is \(shutdownGrace); it must not be negative" }
        if advertisedURLs.count > 64 { return "advertisedURLs has \(advertisedURLs.count) URLs; at most 64 are told" }
        let isURL = { (url: String) in url.hasPrefix("https://") && url.utf8.count <= 2_048 }
        if let broken = advertisedURLs.first(where: { !isURL($0) }) {
            return "advertisedURLs has '\(broken.prefix(100))'; it must be an https:// URL of at most 2048 bytes"
        }
        return limits.fault
    }

    /// The URLs to tell clients, for a server that listens on `port`.
    func advertisedURLs(port: Int) -> [String] {
        guard advertisedURLs.isEmpty else { return advertisedURLs }
        return ["https://\(host.contains(":") ? "[\(host)]" : host):\(port)"]
    }
}

/// Why a ``WatcherServer`` could not start, or not take other credentials.
public struct WatcherServerError: Error, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public struct Code: Hashable, Sendable {
        private enum Value { case invalidConfiguration, cannotListen, credentialsNotReplaced }

        private let value: Value

        /// The configuration asks for what cannot be; the message names the setting.
        public static let invalidConfiguration = Code(value: .invalidConfiguration)
        /// The address could not be listened on, or the credentials could not be used.
        public static let cannotListen = Code(value: .cannotListen)
        /// Other credentials could not be taken, and the former are still in use.
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

public import Logging
internal import MeshCore
internal import MeshTLS
public import ServiceLifecycle

/// One cluster as `clustermesh serve` runs it: a ``MeshAgent`` whose state, certificates and roles stand in files, and
/// follow them while it runs.
///
/// The files are looked at once a second. What changed in them is taken over without a restart and without an end to
/// anybody's stream: the state directory's lines, the certificate with its key and authorities, the peers with
/// theirs, and the settings of the configuration file that can change (``ServeKey/isChangeable``). A file that cannot be used is reported in the log, and
/// what was read before stays in force.
public final class ServedCluster: Service {
    /// The agent.
    public let agent: MeshAgent

    private let configuration: ServeConfiguration
    private let files: ServedFiles
    private let observer: FileObserver<ServedFiles.Group>
    private let onReady: @Sendable (ServedCluster) -> Void
    private let logger: Logger

    /// Reads the certificates, listens, and writes the state that the files hold.
    ///
    /// - Parameters:
    ///   - source: The flags and the file. The file is read again whenever it changes.
    ///   - settings: What `source` says now.
    ///   - onReady: Called once, when clients can read what they came for.
    /// - Throws: ``ServeConfigurationError`` for settings that cannot be, such as a directory of peers that is not there,
    ///   ``MeshTLS/TLSError`` for files of certificates,
    ///   ``StateDirectoryError`` and ``StateWriteError`` for the state, ``MeshConfigurationError`` if it cannot listen.
    public init(
        _ source: ServeSource,
        settings: ServeSettings,
        logger: Logger,
        onReady: @escaping @Sendable (ServedCluster) -> Void = { _ in }
    ) throws {
        let configuration = try ServeConfiguration(settings)
        self.configuration = configuration
        self.logger = logger
        self.onReady = onReady
        // Later it may come and go; one that is not there at the start is probably another one.
        if let peers = configuration.peers, let fault = PeersDirectory(peers, of: configuration.name).fault {
            throw ServeConfigurationError(
                "\(fault)", key: ServeKey.peers.rawValue, place: settings[.peers].first?.place, file: settings.file)
        }
        var files = ServedFiles(configuration, from: source, settings, logger: logger)
        // Looked at before they are read, so that no change falls between the two.
        observer = FileObserver(files.observed)
        agent = try MeshAgent(
            configuration: MeshConfiguration(
                serving: configuration, credentials: try files.credentials(), followed: try files.followedCredentials()),
            logger: logger)
        try files.revoke(in: agent)
        try files.writeState(to: agent)
        self.files = files
    }

    /// The URL at which other clusters reach it: the first one advertised, or the address that it listens on.
    public var endpoint: String {
        configuration.advertised.first
            ?? EtcdEndpoint(host: Self.reachable(configuration.host), port: agent.port).description
    }

    /// Where the cluster's own agents reach it; `nil` where they do not.
    public var localEndpoint: String? { agent.localAddress?.endpoint }

    /// Where the cluster's own agents read what is mirrored; `nil` where they do not.
    public var cacheEndpoint: String? {
        guard case .tcp(let host, _) = configuration.cacheListen, let port = agent.republishingPort else { return nil }
        return EtcdEndpoint(host: Self.reachable(host), port: port).description
    }

    /// Takes over what stands in all files now, changed or not, as on SIGHUP.
    public func reload() {
        observer.reportAll()
        agent.reloadPeers()
    }

    /// Serves until the task is cancelled or the service group shuts down gracefully.
    ///
    /// - Throws: An error of a server, if it can no longer serve.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [files, observer, agent] in
                var files = files
                await observer.run { files.takeOver($0, into: agent) }
            }
            defer { group.cancelAll() }
            group.addTask {
                // A followed etcd may be away; whoever waits for the ready line wants to read.
                try await self.agent.waitUntilFilled()
                self.onReady(self)
            }
            try await agent.run()
        }
    }

    /// All addresses of the machine are no address to connect to; its own loopback is one of them.
    private static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }
}

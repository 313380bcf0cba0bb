internal import ArgumentParser
internal import BenchmarkSupport
internal import Foundation
internal import Logging
internal import MeshClient
internal import MeshCore
internal import MeshLocalAPI
internal import MeshReplica
internal import MeshStore
internal import MeshTLS
internal import MeshWatcher
internal import ServiceLifecycle
internal import UnixSignals

/// Our server as `mesh-bench` measures it: over an embedded store that a local server writes, or over a replica.
///
/// It prints its ports as a line of JSON once it listens, and ends on SIGTERM. Whoever has a certificate with the name
/// that `--client` tells may read and write everything.
@main
struct BenchServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-server", abstract: "Our server, as mesh-bench starts it."
    )

    @Option(help: "The roots that certificates must lead to, PEM.")
    var roots: String

    @Option(help: "The server's certificate, PEM.")
    var certificate: String

    @Option(help: "The server's key, PEM.")
    var key: String

    @Option(help: "The URL of an etcd to follow, instead of a store of the server's own.")
    var follow: String?

    @Option(help: "The certificate to show to that etcd, PEM.")
    var clientCertificate: String?

    @Option(help: "The key to it, PEM.")
    var clientKey: String?

    @Option(help: "The common name in the certificates of those who read and write.")
    var client = "bench"

    func run() async throws {
        var logger = Logger(label: "bench-server", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        let services = try follow.map { try replica(of: $0, logger) } ?? embedded(logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            )
        )
        try await group.run()
    }

    private func embedded(_ logger: Logger) throws -> [any Service] {
        let store = KVStore()
        let watcher = try watcherServer(over: store.reader, logger)
        var configuration = LocalServerConfiguration(
            cluster: try Self.cluster, credentials: try credentials(certificate, key), verifier: .mesh()
        )
        configuration.writing = WritePolicy(writers: [.commonName(client)], writable: KeyRangeSet([.all]))
        configuration.limits = limits
        configuration.shutdownGrace = .zero
        let local = try LocalServer(configuration: configuration, store: store, logger: logger)
        guard case .tcp(_, let port) = local.address else { preconditionFailure("it listens on a port") }
        try say(Ports(port: watcher.port, write: port))
        return [store, watcher, local, EmbeddedWriter(store: store)]
    }

    private func replica(of url: String, _ logger: Logger) throws -> [any Service] {
        guard let clientCertificate, let clientKey else {
            throw ValidationError("--follow needs --client-certificate and --client-key")
        }
        let store = ReplicatedStore()
        let replica = try EtcdReplica(
            configuration: ReplicaConfiguration(
                endpoints: [try EtcdEndpoint(url: url)], credentials: try credentials(clientCertificate, clientKey),
                verifier: .mesh()
            ),
            store: store, logger: logger
        )
        let watcher = try watcherServer(over: store.reader, logger)
        try say(Ports(port: watcher.port))
        return [replica, watcher]
    }

    private func watcherServer(over reader: StoreReader, _ logger: Logger) throws -> WatcherServer {
        var configuration = WatcherServerConfiguration(
            cluster: try Self.cluster, credentials: try credentials(certificate, key), verifier: .mesh()
        )
        configuration.access = AccessPolicy(roles: [AccessRole(.commonName(client), mayRead: [.all])])
        configuration.limits = limits
        configuration.shutdownGrace = .zero
        return try WatcherServer(configuration: configuration, reader: reader, logger: logger)
    }

    private static var cluster: ClusterName {
        get throws { try ClusterName("bench") }
    }

    /// The defaults, but for all clients together having one name.
    private var limits: WatcherLimits {
        var limits = WatcherLimits()
        limits.connections = 12_000
        limits.streamsPerPeer = limits.streams
        limits.callsPerPeer = 100_000
        limits.unreadBytesPerPeer = 1 << 30
        return limits
    }

    private func credentials(_ certificate: String, _ key: String) throws -> TLSCredentials {
        TLSCredentials(
            certificateChain: try String(contentsOfFile: certificate, encoding: .utf8),
            privateKey: try String(contentsOfFile: key, encoding: .utf8),
            trustedRoots: try String(contentsOfFile: roots, encoding: .utf8)
        )
    }

    private struct Ports: Encodable {
        var port: Int
        var write: Int?
    }

    private func say(_ ports: Ports) throws {
        FileHandle.standardOutput.write(try JSONEncoder().encode(ports) + Data("\n".utf8))
    }
}

import ClusterMesh
import Logging
import MeshLocalAPI
import TestSupport

/// A real etcd and our local server, both empty, and the same client of each: what one is asked, the other is asked.
struct DifferentialTwins: Sendable {
    let ours: EtcdWriter
    let theirs: EtcdWriter

    /// How often a quiet watch is told how far it is.
    private static let progressInterval = Duration.milliseconds(50)

    /// Runs `body` with new twins; ends both afterwards.
    static func run(_ body: @escaping @Sendable (DifferentialTwins) async throws -> Void) async throws {
        let interval = progressInterval.components.attoseconds / 1_000_000_000_000_000
        let etcd = try await EtcdProcess.start(
            extraArguments: ["--experimental-watch-progress-notify-interval=\(interval)ms"]
        )
        var storeConfiguration = KVStoreConfiguration()
        // etcd's follows from its timing, which is faster here than by default.
        storeConfiguration.minimumLeaseTTL = 1
        let store = KVStore(configuration: storeConfiguration)
        let cluster = try ClusterName("athens")
        var configuration = LocalServerConfiguration(
            cluster: cluster,
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        // Every key, as in an etcd without users.
        configuration.writing = .cilium(cluster: cluster, allowsCacheWrites: true)
        configuration.progressInterval = progressInterval
        let server = try LocalServer(configuration: configuration, store: store, logger: .silent)
        guard case .tcp(_, let port) = server.address else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await store.run() }
            defer { group.cancelAll() }
            let writer = try EtcdWriter(port: port, credentials: try TestCertificates.client("admin-athens"))
            try await withEtcdWriter(writer) { ours in
                try await withEtcdWriter(etcd) { theirs in
                    try await body(DifferentialTwins(ours: ours, theirs: theirs))
                }
            }
        }
    }
}

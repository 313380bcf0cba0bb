import ClusterMesh
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
        let cluster = try ClusterName("athens")
        try await withLocalServer(storing: storeConfiguration) { configuration in
            // Every key, as in an etcd without users.
            configuration.writing = .cilium(cluster: cluster, allowsCacheWrites: true)
            configuration.progressInterval = progressInterval
        } _: { _, server in
            guard case .tcp(_, let port) = server.address else { return }
            let writer = try EtcdWriter(port: port, credentials: try TestCertificates.client("admin-athens"))
            try await withEtcdWriter(writer) { ours in
                try await withEtcdWriter(etcd) { theirs in
                    try await body(DifferentialTwins(ours: ours, theirs: theirs))
                }
            }
        }
    }
}

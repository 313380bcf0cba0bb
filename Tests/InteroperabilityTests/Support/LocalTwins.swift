import Logging
import MeshCore
import MeshLocalAPI
import MeshStore
import MeshTLS
import TestSupport

/// A real etcd, and our local server over a store of ours: what one is told, the other can be told, too.
struct LocalTwins: Sendable {
    /// The real one.
    let etcd: EtcdProcess
    /// The store behind our server.
    let store: KVStore
    /// Our server.
    let server: LocalServer
    /// etcd's command-line client, for our server, as `admin-athens`.
    let etcdctl: Etcdctl

    /// Runs `body` with twins that have nothing in them; ends both afterwards.
    static func run(
        configure: (inout LocalServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (LocalTwins) async throws -> Void
    ) async throws {
        let etcd = try await EtcdProcess.start()
        try await withLocalServer(configure: configure) { store, server in
            let etcdctl = try Etcdctl(
                endpoints: server.address.endpoint,
                credentials: try TestCertificates.client("admin-athens")
            )
            try await body(LocalTwins(etcd: etcd, store: store, server: server, etcdctl: etcdctl))
        }
    }

    /// Runs one command of `etcdctl` against both, and returns what they said, without what must differ.
    func run(_ arguments: [String], input: String = "") async throws -> (ours: Said, theirs: Said) {
        async let ours = etcdctl.run(arguments, input: input)
        async let theirs = etcd.etcdctl.run(arguments, input: input)
        return (Said(try await ours), Said(try await theirs))
    }
}

/// Runs `body` with a local server of cluster `athens` that runs, and the store it serves, whose leases expire.
func withLocalServer(
    storing: KVStoreConfiguration = KVStoreConfiguration(),
    configure: (inout LocalServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (KVStore, LocalServer) async throws -> Void
) async throws {
    let store = KVStore(configuration: storing)
    var configuration = LocalServerConfiguration(
        cluster: try ClusterName("athens"),
        credentials: try TestCertificates.server("athens"),
        verifier: .mesh()
    )
    configure(&configuration)
    var logger = Logger(label: "local")
    logger.logLevel = .critical
    let server = try LocalServer(configuration: configuration, store: store, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        group.addTask { try await store.run() }
        defer { group.cancelAll() }
        try await body(store, server)
    }
}

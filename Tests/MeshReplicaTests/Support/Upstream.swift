import Logging
import MeshClient
import MeshCore
import MeshReplica
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport
import Testing

/// A store that is followed, served over mutual TLS on a port of 127.0.0.1 that stays the same. It stands where an etcd
/// would: whatever serves etcd's API can be followed.
final class Upstream: Sendable {
    let port: Int

    init() throws {
        port = try FreePort.find()[0]
    }

    /// Serves `store` while `body` runs.
    func serving<Result: Sendable>(_ store: KVStore, _ body: () async throws -> Result) async throws -> Result {
        let cluster = try ClusterName("athens")
        var configuration = WatcherServerConfiguration(
            cluster: cluster,
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        configuration.port = port
        configuration.shutdownGrace = .zero
        configuration.access = AccessPolicy(roles: [AccessRole(.commonName("replica"), mayRead: [.all])])
        let server = try WatcherServer(configuration: configuration, reader: store.reader, logger: .silent)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// How it is followed in tests: without long waits.
    func configuration() throws -> ReplicaConfiguration {
        var configuration = ReplicaConfiguration(
            endpoints: [EtcdEndpoint(host: "127.0.0.1", port: port)],
            credentials: try TestCertificates.client("replica"),
            verifier: .mesh()
        )
        configuration.backoff.firstBound = .zero
        configuration.backoff.maximumBound = .milliseconds(100)
        configuration.pageSize = 3
        configuration.freshReadTimeout = .seconds(30)
        return configuration
    }

    /// Runs a replica of it while `body` runs.
    func following<Result: Sendable>(
        _ configure: (inout ReplicaConfiguration) -> Void = { _ in },
        _ body: (EtcdReplica) async throws -> Result
    ) async throws -> Result {
        var configuration = try configuration()
        configure(&configuration)
        let replica = try EtcdReplica(configuration: configuration, store: ReplicatedStore(), logger: .silent)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await replica.run() }
            defer { group.cancelAll() }
            return try await body(replica)
        }
    }
}

extension Logger {
    /// Says nothing.
    static var silent: Logger { Logger(label: "replica", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

extension EtcdReplica {
    /// Waits until the replica is where a store is, and holds the same.
    func follows(_ store: KVStore) async throws {
        try await eventually("the replica is where the store is; it is \(status)") {
            store.revision == self.store.reader.revision && status.state == .watching
        }
        let (ours, theirs) = (self.store.reader.snapshot(), store.snapshot())
        guard ours.pairs() == theirs.pairs(), ours.origin.identity.clusterID == theirs.origin.identity.clusterID else {
            throw Difference(description: "\(ours.pairs()) is not \(theirs.pairs())")
        }
    }

    func reaches(_ state: ReplicaState) async throws {
        try await eventually("the replica is \(state); it is \(status)") { status.state == state }
    }
}

struct Difference: Error, CustomStringConvertible {
    var description: String
}

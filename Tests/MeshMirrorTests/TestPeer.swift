import Logging
import MeshClient
import MeshCore
import MeshRecords
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport
import Testing

@testable import MeshMirror

/// A peer of the mirrors under test: a store, served over mutual TLS on a port of 127.0.0.1 that stays the same.
final class TestPeer: Sendable {
    let sample: Sample
    let port: Int

    init(_ sample: Sample) throws {
        self.sample = sample
        port = try FreePort.find()[0]
    }

    /// Serves `store` while `body` runs.
    func serving<Result: Sendable>(
        _ store: KVStore,
        credentials: TLSCredentials? = nil,
        roles: [AccessRole] = [],
        _ body: () async throws -> Result
    ) async throws -> Result {
        var configuration = WatcherServerConfiguration(
            cluster: sample.cluster,
            credentials: try credentials ?? TestCertificates.server(sample.cluster.rawValue),
            verifier: .mesh()
        )
        configuration.port = port
        configuration.access = .cilium(cluster: sample.cluster, adding: roles)
        configuration.shutdownGrace = .zero
        let server = try WatcherServer(
            configuration: configuration,
            reader: store.reader,
            logger: .silent
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// How a mirror follows the peer in tests: it comes back at once.
    func configuration(client: String = "remote") throws -> MirrorConfiguration {
        var configuration = MirrorConfiguration(
            cluster: sample.cluster,
            id: sample.id,
            endpoints: [EtcdEndpoint(host: "127.0.0.1", port: port)],
            credentials: try TestCertificates.client(client),
            verifier: .mesh()
        )
        configuration.backoff.firstBound = .zero
        configuration.backoff.maximumBound = .milliseconds(100)
        configuration.pageSize = 3
        return configuration
    }

    /// A store with the peer's config.
    func store() throws -> KVStore {
        let store = KVStore()
        try store.put(KeyLayout.clusterConfig(of: sample.cluster), sample.config.encoded())
        return store
    }
}

/// Runs a mirror while `body` runs.
func running<Result: Sendable>(
    _ configuration: MirrorConfiguration,
    _ body: (RemoteClusterMirror) async throws -> Result
) async throws -> Result {
    let logger = Logger.silent
    let mirror = try RemoteClusterMirror(configuration: configuration, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await mirror.run() }
        defer { group.cancelAll() }
        return try await body(mirror)
    }
}

extension KVStore {
    /// Publishes a record.
    @discardableResult
    func publish(_ record: MeshRecord, in cluster: ClusterName) throws -> Revision {
        try put(record.key.key(in: cluster), record.encoded())
    }

    /// What a mirror of the store has to hold: every pair that MeshRecords takes for a record.
    func records(_ decoder: RecordDecoder) throws -> [RecordKey: MirrorRecord] {
        var records: [RecordKey: MirrorRecord] = [:]
        for pair in try perform(RangeRequest(.prefix(KeyLayout.state))).pairs {
            guard case .success(let record) = decoder.decode(pair) else { continue }
            records[record.key] = MirrorRecord(record, modRevision: pair.modRevision)
        }
        return records
    }
}

extension MirrorSnapshot {
    /// All records by their keys.
    var all: [RecordKey: MirrorRecord] {
        var all: [RecordKey: MirrorRecord] = [:]
        forEach { all[$0.record.key] = $0 }
        return all
    }
}

extension RemoteClusterMirror {
    /// Waits until the mirror holds what the store says.
    func follows(_ store: KVStore, _ decoder: RecordDecoder) async throws {
        try await eventually("the mirror holds what the store does; it is \(status)") {
            try snapshot().isCurrent && snapshot().all == store.records(decoder)
        }
    }

    func reaches(_ state: MirrorState) async throws {
        try await eventually("the mirror is \(state); it is \(status)") { status.state == state }
    }
}

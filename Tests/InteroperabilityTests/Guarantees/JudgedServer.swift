import ClusterMesh
import Logging
import MeshRPC
import TestSupport

/// A server whose watches are judged, and the way to write to the store behind it.
struct JudgedServer: Sendable {
    /// Its port of 127.0.0.1.
    let port: Int
    /// Whether it is Debian's etcd (3.4.23), which breaks some promises, so that they are not put to the test:
    /// - an answer to a request for progress may overtake events (etcd's issue 15220);
    /// - a watch from the compacted revision loses a deletion at that revision (19179);
    /// - a watch that is slow when its next revision is compacted loses events instead of ending (17529).
    let isEtcd: Bool
    /// Does a transaction that must succeed, and returns its revision.
    let write: @Sendable (TransactionRequest) async throws -> Revision
    let compact: @Sendable (Revision) async throws -> Void

    /// How often a quiet watch is told how far it is.
    private static let progressInterval = Duration.milliseconds(50)

    /// A server of ours with bounds so small that every one of them is met.
    static func runOurs(_ body: @escaping @Sendable (JudgedServer) async throws -> Void) async throws {
        let store = KVStore()
        var configuration = WatcherServerConfiguration(
            cluster: try ClusterName("athens"),
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        configuration.access = AccessPolicy(roles: [AccessRole(.commonName("remote"), mayRead: [.all])])
        configuration.progressInterval = progressInterval
        configuration.limits.eventsPerBatch = 16
        configuration.limits.bytesPerBatch = 2_048
        configuration.limits.bytesPerFragment = 1_024
        configuration.limits.readsPerTurn = 3
        let server = try WatcherServer(configuration: configuration, reader: store.reader, logger: .silent)
        let judged = JudgedServer(port: server.port, isEtcd: false) { request in
            try store.perform(request).revision
        } compact: { revision in
            try store.compact(to: revision)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await body(judged)
        }
    }

    /// A real etcd.
    static func runEtcd(_ body: @escaping @Sendable (JudgedServer) async throws -> Void) async throws {
        let interval = progressInterval.components.attoseconds / 1_000_000_000_000_000
        let etcd = try await EtcdProcess.start(
            extraArguments: ["--experimental-watch-progress-notify-interval=\(interval)ms"]
        )
        try await withEtcdWriter(etcd) { writer in
            let judged = JudgedServer(port: etcd.port, isEtcd: true) { request in
                try await writer.perform(request).revision
            } compact: { revision in
                try await writer.compact(to: revision)
            }
            try await body(judged)
        }
    }
}

extension Logger {
    /// Says nothing below critical errors.
    static var silent: Logger {
        var logger = Logger(label: "guarantees")
        logger.logLevel = .critical
        return logger
    }
}

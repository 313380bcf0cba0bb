import Logging
import MeshCore
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport

/// A real etcd, and our server over a store of ours, with the same history: every write is done to both.
struct Twins: Sendable {
    /// The real one.
    let etcd: EtcdProcess
    /// A writing client of the real one.
    let writer: EtcdWriter
    /// The store behind our server.
    let store: KVStore
    /// Our server's port.
    let port: Int
    /// etcd's command-line client, for our server. ``EtcdProcess/etcdctl`` is the one for etcd.
    let etcdctl: Etcdctl

    /// Runs `body` with twins that have nothing in them; ends both afterwards.
    ///
    /// - Parameter progressInterval: How long a watch stays quiet before it is told about progress; `nil` leaves both
    ///   at their default.
    static func run(
        progressInterval: Duration? = nil,
        _ body: @escaping @Sendable (Twins) async throws -> Void
    ) async throws {
        let arguments = progressInterval.map { ["--experimental-watch-progress-notify-interval=\($0.milliseconds)ms"] }
        let etcd = try await EtcdProcess.start(extraArguments: arguments ?? [])
        let store = KVStore()
        var configuration = WatcherServerConfiguration(
            cluster: try ClusterName("athens"),
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        configuration.access = AccessPolicy(roles: [AccessRole(.commonName("remote"), mayRead: [.all])])
        if let progressInterval { configuration.progressInterval = progressInterval }
        var logger = Logger(label: "twins")
        logger.logLevel = .critical
        let server = try WatcherServer(configuration: configuration, reader: store.reader, logger: logger)
        let etcdctl = try Etcdctl(
            endpoints: "https://127.0.0.1:\(server.port)",
            credentials: try TestCertificates.client("remote")
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await withEtcdWriter(etcd) { writer in
                try await body(
                    Twins(etcd: etcd, writer: writer, store: store, port: server.port, etcdctl: etcdctl)
                )
            }
        }
    }

    // MARK: - Writes to both

    /// A write that came out at different revisions.
    struct NotTheSame: Error {
        var ours: Revision
        var theirs: Revision
    }

    @discardableResult
    func put(_ key: Key, _ value: String) async throws -> Revision {
        try same(try store.put(key, value), try await writer.put(key, value).revision)
    }

    /// Grants a lease with the number that `request` says, to both.
    func grant(_ request: LeaseGrantRequest) async throws {
        let (ours, theirs) = (try store.perform(request), try await writer.perform(request))
        guard ours == theirs else { throw Difference(what: "\(request)", ours: "\(ours)", theirs: "\(theirs)") }
    }

    @discardableResult
    func put(_ key: Key, _ value: String, lease: LeaseID) async throws -> Revision {
        var request = PutRequest(key, Array(value.utf8))
        request.lease = lease
        return try same(try store.perform(request).revision, try await writer.perform(request).revision)
    }

    @discardableResult
    func delete(_ range: KeyRange) async throws -> Revision {
        try same(try store.delete(range).revision, try await writer.delete(range).revision)
    }

    @discardableResult
    func perform(_ transaction: TransactionRequest) async throws -> Revision {
        try same(try store.perform(transaction).revision, try await writer.perform(transaction).revision)
    }

    /// Does a write of any kind to both; both may refuse it, with the same words.
    func perform(_ write: RandomWrite) async throws {
        try await expectSame("\(write)") { () async throws(EtcdError) in
            try store.perform(write)
        } as: { () async throws(EtcdError) in
            try await writer.perform(write)
        }
    }

    func compact(to revision: Revision) async throws {
        try store.compact(to: revision)
        try await writer.compact(to: revision)
    }

    private func same(_ ours: Revision, _ theirs: Revision) throws -> Revision {
        guard ours == theirs else { throw NotTheSame(ours: ours, theirs: theirs) }
        return ours
    }

    // MARK: - The same question to both

    /// A client of our server, for reading (and for trying to write).
    func reader() throws -> EtcdWriter {
        try EtcdWriter(port: port, credentials: try TestCertificates.client("remote"))
    }

    /// Runs one command of `etcdctl` against both, and returns what they said, without what must differ.
    func run(_ arguments: [String], input: String = "") async throws -> (ours: Said, theirs: Said) {
        async let ours = etcdctl.run(arguments, input: input)
        async let theirs = etcd.etcdctl.run(arguments, input: input)
        return (Said(try await ours), Said(try await theirs))
    }
}

/// What `etcdctl` said and how it ended, without the numbers that name a store and a member, and without the log lines
/// of its own that it writes before an error.
struct Said: Hashable, Sendable, CustomStringConvertible {
    var output: String
    var errors: [String]
    var exitCode: Int32

    init(_ result: Etcdctl.Result) {
        output = Self.withoutIdentity(result.output)
        errors = result.errorOutput.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("{\"level\"") }
        exitCode = result.exitCode
    }

    /// `text` with the numbers of cluster, member and term replaced, in both of etcdctl's formats that have them.
    static func withoutIdentity(_ text: String) -> String {
        text.replacing(/"(cluster_id|member_id|raft_term|ClusterID|MemberID|RaftTerm)"( ?: ?)\d+/) { match in
            "\"\(match.1)\"\(match.2)0"
        }
    }

    // Test output ends at a zero byte.
    var description: String {
        "exit \(exitCode), errors \(errors), output:\n\(output)".replacing("\0", with: "\\0")
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

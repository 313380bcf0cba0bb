import ClusterMeshTestKit
import Logging
import MeshClient
import MeshCore
import MeshReplica
import MeshStore
import MeshTLS
import MeshWatcher
import MeshWire
import TestSupport
import Testing

/// A real etcd, and our server in front of a replica of it, which reaches it over a link that can be cut.
struct EtcdProxy: Sendable {
    let etcd: EtcdProcess
    let link: FaultyLink
    let replica: EtcdReplica
    /// Our server's port.
    let port: Int
    /// etcd's command-line client, for our server.
    let etcdctl: Etcdctl

    /// Runs `body` with a proxy of an etcd that has nothing in it; ends both afterwards.
    static func run(
        _ configure: (inout ReplicaConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (EtcdProxy, EtcdWriter) async throws -> Void
    ) async throws {
        let etcd = try await EtcdProcess.start()
        let link = try FaultyLink(to: etcd.port)
        let quiet = Logger(label: "proxy", factory: { _ in SwiftLogNoOpLogHandler() })
        var following = ReplicaConfiguration(
            endpoints: [EtcdEndpoint(host: "127.0.0.1", port: link.port)],
            credentials: etcd.client,
            verifier: .mesh()
        )
        following.backoff.firstBound = .milliseconds(50)
        following.backoff.maximumBound = .milliseconds(200)
        following.freshReadTimeout = .seconds(20)
        following.pageSize = 7
        configure(&following)
        let replica = try EtcdReplica(configuration: following, store: ReplicatedStore(), logger: quiet)

        var serving = WatcherServerConfiguration(
            cluster: try ClusterName("athens"),
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        serving.access = AccessPolicy(roles: [AccessRole(.commonName("remote"), mayRead: [.all])])
        let server = try WatcherServer(configuration: serving, reader: replica.store.reader, logger: quiet)
        let etcdctl = try Etcdctl(endpoints: "https://127.0.0.1:\(server.port)", credentials: etcd.client)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await replica.run() }
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await withEtcdWriter(etcd) { writer in
                let proxy = EtcdProxy(etcd: etcd, link: link, replica: replica, port: server.port, etcdctl: etcdctl)
                try await body(proxy, writer)
            }
        }
        await link.close()
    }

    /// Runs `body` with a client of the proxy, for reading.
    func withClient(_ body: (EtcdWriter) async throws -> Void) async throws {
        try await withEtcdWriter(try EtcdWriter(port: port, credentials: etcd.client), body)
    }

    /// Waits until the replica follows the etcd.
    func follows() async throws {
        try await eventually("the replica follows; it is \(replica.status)") { replica.status.state == .watching }
    }

    /// Waits until the replica has noticed that it does not.
    func lost() async throws {
        try await eventually("the loss is noticed; it is \(replica.status)") { replica.store.reader.isStale }
    }

    /// Compares what both answer to a linearizable read of everything, headers included but for the member.
    func expectSameContent(_ ours: EtcdWriter, _ theirs: EtcdWriter, at revision: Revision = .none) async throws {
        var request = RangeRequest(.all)
        request.revision = revision
        let (expectedHeader, expected) = try await theirs.range(request)
        let (header, answer) = try await ours.range(request)
        guard answer == expected else {
            throw Difference(what: "everything at \(revision)", ours: "\(answer)", theirs: "\(expected)")
        }
        guard header?.clusterID == expectedHeader?.clusterID, header?.raftTerm == expectedHeader?.raftTerm,
            header?.revision == expectedHeader?.revision
        else {
            throw Difference(what: "the header", ours: "\(header as Any)", theirs: "\(expectedHeader as Any)")
        }
    }
}

extension WatchClient {
    /// Takes messages until the watch is cancelled, and returns the cancellation; events may come before it.
    func cancellation() async throws -> WatchServerMessage {
        while true {
            let message = try await next()
            if message.canceled { return message }
        }
    }
}

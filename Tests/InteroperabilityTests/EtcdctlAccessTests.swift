import Logging
import MeshCore
import MeshStore
import MeshTLS
import MeshWatcher
import TestSupport
import Testing

/// What `etcdctl` hears when what it may do changes while it watches.
@Suite struct EtcdctlAccessTests {
    /// Runs `body` with a server that lets the client read everything and that client watching `a/`, which has been told
    /// of one event.
    private func watching(
        _ body: @escaping @Sendable (WatcherServer, Etcdctl, EtcdctlWatch, TLSCredentials) async throws -> Void
    ) async throws {
        let cluster = try ClusterName("athens")
        let store = KVStore()
        var configuration = WatcherServerConfiguration(
            cluster: cluster, credentials: try TestCertificates.server("athens"), verifier: .mesh()
        )
        configuration.access = AccessPolicy(roles: [try AccessRole(parsing: "cn:etcdctl=*")])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try WatcherServer(configuration: configuration, reader: store.reader, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            let credentials = try TestCertificates.client("etcdctl")
            let client = try Etcdctl(endpoints: "https://127.0.0.1:\(server.port)", credentials: credentials)
            try store.put("a/1", "first")
            let watch = try client.watch("a/", "--prefix", "--rev=2")
            defer { watch.stop() }
            _ = try await watch.lines(atLeast: 3, within: .seconds(30))
            try await body(server, client, watch, credentials)
        }
    }

    @Test(.timeLimit(.minutes(2))) func aWatchWhoseRoleIsTakenAwayEndsAndRequestsAreRefused() async throws {
        try await watching { server, client, watch, _ in
            server.setAccess(AccessPolicy(roles: []))
            let exit = try await watch.waitForExit(within: .seconds(30))
            #expect(exit != .code(0))
            // The client library of etcd 3.4 keeps the reason to itself.
            let said = try watch.errorOutput
            #expect(said.contains("watch is canceled by the server"), "\(said)")
            let get = try await client.run("get", "a/1")
            #expect(get.errorOutput.contains("etcdserver: permission denied"), "\(get.errorOutput)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aWatchWhoseCertificateIsOnARevocationListEnds() async throws {
        try await watching { server, client, watch, credentials in
            let authority = try TestCertificates.shared.authority
            let certificate = try CertificateInspector.inspectFirst(pem: credentials.certificateChain)
            let list = try RevocationList(
                pem: authority.issueRevocationList(revoking: [certificate.serialNumber], number: 1),
                issuedBy: authority.certificatePEM
            )
            server.setRevoked(list.revoked)
            let exit = try await watch.waitForExit(within: .seconds(30))
            #expect(exit != .code(0))
            let said = try watch.errorOutput
            #expect(said.contains("is revoked"), "\(said)")
            let get = try await client.run("get", "a/1", "--command-timeout=3s")
            #expect(get.exitCode != 0 && get.output.isEmpty)
        }
    }
}

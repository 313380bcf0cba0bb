import Foundation
import MeshCore
import TestSupport
import Testing

/// What `clustermesh serve --peers … --cache-listen` shows to its own cluster's agents, as `etcdctl` reads it.
@Suite struct ServeCacheTests {
    private let athens: ServedDirectory
    private let kos: TemporaryDirectory

    init() throws {
        athens = try ServedDirectory()
        kos = try TemporaryDirectory()
        let files = try TestCertificates.server("kos").write(to: kos, as: "server")
        try #require(chmod(files.key, 0o600) == 0)
        _ = try TestCertificates.client("remote-kos").write(to: kos, as: "peers/client")
    }

    /// The keys and values below `prefix`, line by line.
    private func lines(_ endpoint: String, as name: String, _ prefix: String) async throws -> Etcdctl.Result {
        try await Etcdctl(endpoints: endpoint, credentials: TestCertificates.client(name)).run(
            "get", "--prefix", prefix)
    }

    @Test func theOwnAgentsReadThePeersRecordsAndOtherClustersDoNot() async throws {
        let labels = "k8s:app=cart;k8s:io.cilium.k8s.policy.cluster=athens;"
        try athens.writeState(["cilium/state/identities/v1/id/65999": labels])
        let served = try await athens.start("--state", "state")
        try kos.write(
            """
            endpoints: ['\(served.ready.endpoint)']
            trusted-ca-file: client-ca.crt
            cert-file: client.crt
            key-file: client.key

            """, to: "peers/athens")
        let process = try await ServeProcess.start(
            [
                "--name", "kos", "--id", "3", "--listen", "127.0.0.1:0", "--cert", "server.crt", "--key", "server.key",
                "--ca", "server-ca.crt", "--peers", "peers", "--cache-listen", "127.0.0.1:0",
            ], in: kos)
        let cache = try #require(process.ready.cacheEndpoint)
        #expect(cache != process.ready.endpoint)
        try await process.waitUntilLogged("mirror of athens: watching")
        try await eventually {
            try await lines(cache, as: "local-kos", "cilium/cache/").output
                == "cilium/cache/identities/v1/athens/id/65999\n\(labels)\n"
        }
        let config = try await lines(cache, as: "local-kos", "cilium/cluster-config/").output
        #expect(config.hasPrefix("cilium/cluster-config/athens\n{\"id\":1,"))
        #expect(config.contains("\"cached\":true"))
        for stranger in ["remote-athens", "remote", "admin-kos"] {
            let answer = try await lines(cache, as: stranger, "cilium/cache/")
            #expect(answer.exitCode != 0 && answer.errorOutput.contains("permission denied"), "\(stranger)")
        }
        #expect(try await process.stop() == .code(0))
    }
}

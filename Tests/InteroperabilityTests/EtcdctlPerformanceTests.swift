import Foundation
import MeshCore
import MeshLocalAPI
import MeshStore
import TestSupport
import Testing

/// etcdctl's own load test against the local server; it takes a minute.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MESH_TEST_LONG"] != nil, "MESH_TEST_LONG is not set"))
struct EtcdctlPerformanceTests {
    @Test(.timeLimit(.minutes(5))) func aSmallClustersLoadIsCarried() async throws {
        try await withLocalServer { store, server in
            let etcdctl = try Etcdctl(
                endpoints: server.address.endpoint,
                credentials: try TestCertificates.client("admin-athens")
            )
            let result = try await etcdctl.run(["check", "perf", "--load=s"], within: .seconds(200))
            #expect(result.exitCode == 0, "\(result.output)\(result.errorOutput)")
            #expect(result.output.contains("PASS: Throughput is"))
            // 150 writes a second for a minute.
            #expect(store.revision.rawValue > 8_000)
        }
    }
}

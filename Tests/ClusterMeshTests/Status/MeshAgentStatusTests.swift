import ClusterMeshTestKit
import Logging
import MeshCore
import TestSupport
import Testing

@testable import ClusterMesh

/// What running agents say of themselves.
@Suite struct MeshAgentStatusTests {
    @Test func certificatesOfBothSidesAreToldWithTheirEnd() async throws {
        try await TestMesh.run([TestCluster("athens", id: 1), TestCluster("kos", id: 3)]) { mesh in
            try await mesh.waitUntilSynchronized()
            let status = try mesh.agent("athens").status()
            let directory = mesh.certificates(of: "athens")
            let own = try CertificateInspector.inspect(file: directory.serverCertificate)[0].notAfter
            #expect(status.certificateExpiry == own)
            let shown = try CertificateInspector.inspect(file: directory.clientCertificate("remote-athens"))[0].notAfter
            #expect(status.clientCertificateExpiries == [try ClusterName("kos"): shown])
            let told = AgentStatus(status)
            #expect(told.isReady)
            #expect(told.peers.map(\.cluster) == ["kos"])
            #expect(told.peers[0].id == 3)
            #expect(told.peers[0].clientCertificateExpiry == shown)
            #expect(told.peers[0].serverCertificateExpiry != nil)
            #expect(told.peers[0].budget.maximumKeys > 0)
            #expect(told.peers[0].kinds.contains { $0.name == "node" && $0.isSynced })
        }
    }

    @Test func anExchangedCertificateIsToldWithItsEnd() async throws {
        try await TestMesh.run([TestCluster("athens", id: 1)]) { mesh in
            let agent = try mesh.agent("athens")
            let before = agent.status().certificateExpiry
            let other = try TestCertificates.shared.authority
                .issueServer(cluster: ClusterName("athens"), validity: .seconds(86_400 * 3))
                .credentials(trusting: TestCertificates.roots)
            try agent.replaceCredentials(other)
            let after = agent.status().certificateExpiry
            #expect(after != before)
            #expect(after == (try CertificateInspector.inspect(pem: other.certificateChain)[0].notAfter))
        }
    }

    @Test func addressesThatTwoClustersClaimAreAConflict() async throws {
        try await TestMesh.run([TestCluster("athens", id: 1), TestCluster("kos", id: 3)]) { mesh in
            try await mesh.waitUntilSynchronized()
            for (name, id) in [("athens", UInt32(1)), ("kos", 3)] {
                let agent = try mesh.agent(name)
                var node = NodeRecord(name: "n", cluster: name, clusterID: id)
                node.ipv4AllocationCIDR = try IPPrefix("10.4.0.0/16")
                let ip = IPRecord(
                    ip: .address(try IPAddress("10.4.0.9")), hostIP: try IPAddress("192.0.2.1"), identity: id << 16)
                for record in [MeshRecord.node(node), .ip(ip)] {
                    try agent.store.put(record.key.key(in: agent.configuration.name), record.encoded())
                }
            }
            let agent = try mesh.agent("athens")
            try await eventually("both conflicts") {
                agent.status().conflicts.addressCount == 1 && agent.status().conflicts.podCIDRCount > 0
            }
            let told = AgentStatus(agent.status()).conflicts
            #expect(
                told.examples.contains { $0.contains("10.4.0.0/16 of athens/n") && $0.contains("kos/n") }, "\(told)")
            #expect(told.examples.contains("10.4.0.9/32: athens counts, also claimed by kos"), "\(told)")
        }
    }

    @Test func aRunningAgentTellsItsBackendAndEndsTheSeries() async throws {
        let backend = RecordingMetrics()
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        configuration.metrics = backend
        configuration.metricsPeriod = .milliseconds(10)
        let peer = try PeerConfiguration(
            name: "kos", id: 3, endpoints: ["https://127.0.0.1:1"],
            credentials: TestCertificates.client("remote-athens"))
        configuration.peers = [peer]
        let agent = try MeshAgent(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        @Sendable func series() -> Set<RecordingMetrics.Series> {
            backend.alive.filter { $0.labels["target_cluster"] == "kos" }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            try await eventually("the peer's series") { !series().isEmpty }
            #expect(backend.gauges["mesh_remote_cluster_readiness_status"] == 0)
            try await eventually("the server tells the same backend") {
                backend.gauges.keys.contains("mesh_watcher_streams")
            }
            try agent.setPeers([])
            try await eventually("their end") { series().isEmpty }
            group.cancelAll()
            try? await group.waitForAll()
        }
        #expect(!backend.alive.contains { $0.name.hasPrefix("mesh_remote") })
    }
}

import ClusterMesh
import ClusterMeshTestKit
import TestSupport
import Testing

/// What a peer does wrong is an error at one place, and changes nothing elsewhere.
@Suite struct HostilePeerTests {
    private static let lines = [("athens", 1), ("hurup", 2), ("kos", 3)]

    private func clusters() throws -> [TestCluster] {
        try Self.lines.map { name, id in
            let node = NodeRecord(name: "\(name)-1", cluster: name, clusterID: UInt32(id))
            return TestCluster(
                name, id: id,
                state: [StateLine(key: RecordKey.node(node.name).key(in: try ClusterName(name)), value: node.encoded())]
            )
        }
    }

    /// What a cluster's views hold, to see that nothing changed.
    private func nodes(_ agent: MeshAgent) -> [String] {
        let nodes = agent.views.nodes.snapshot()
        return nodes.clusters.names.flatMap { cluster in nodes.nodes(of: cluster).map { "\(cluster)/\($0.name)" } }
    }

    @Test func recordsInAnothersNameAreRefusedCountedAndHarmNobody() async throws {
        try await TestMesh.run(clusters()) { mesh in
            try await mesh.waitUntilSynchronized()
            let (athens, hurup, kos) = (try mesh.agent("athens"), try mesh.agent("hurup"), try mesh.agent("kos"))
            try await eventually { nodes(hurup).count == 3 && nodes(athens).count == 3 }
            let (before, revision) = (nodes(hurup), athens.reader.revision)

            let impostor = NodeRecord(name: "impostor", cluster: "athens", clusterID: 1)
            try kos.store.transaction { transaction in
                transaction.put("cilium/state/nodes/v1/kos/impostor", impostor.encoded())
                transaction.put("cilium/state/nodes/v1/kos/garbage", [0xFF, 0x00, 0x7B])
                transaction.put("cilium/state/identities/v1/id/66999", "k8s:io.cilium.k8s.policy.cluster=athens;")
            }
            let name = kos.configuration.name
            try await eventually { hurup.mirror(of: name)?.status.rejections.total == 3 }
            let status = try #require(hurup.mirror(of: name)?.status)
            #expect(status.state == .watching, "a bad record never breaks the connection")
            #expect(status.rejections.examples.allSatisfy { !$0.reason.isEmpty })
            #expect(nodes(hurup) == before)
            #expect(athens.reader.revision == revision)

            // A good record after the bad ones arrives.
            let honest = NodeRecord(name: "kos-2", cluster: "kos", clusterID: 3)
            try kos.store.put(RecordKey.node(honest.name).key(in: name), honest.encoded())
            try await eventually { nodes(hurup).contains("kos/kos-2") }
        }
    }

    @Test func aStalledPeerDelaysNobodyElse() async throws {
        try await TestMesh.run(clusters()) { mesh in
            try await mesh.waitUntilSynchronized()
            let (athens, hurup) = (try mesh.agent("athens"), try mesh.agent("hurup"))
            try await eventually { nodes(athens).count == 3 }
            try mesh.link(from: "athens", to: "kos").stall()
            for number in 2...20 {
                let node = NodeRecord(name: "hurup-\(number)", cluster: "hurup", clusterID: 2)
                try hurup.store.put(RecordKey.node(node.name).key(in: hurup.configuration.name), node.encoded())
            }
            try await eventually { nodes(athens).count == 22 }
            #expect(nodes(athens).contains("kos/kos-1"))
        }
    }

    @Test func aPeerThatSaysItHasAnotherNumberIsRefusedByName() async throws {
        var athens = TestCluster("athens", id: 1)
        athens.adjust = { configuration in
            guard let first = configuration.peers.first, let id = try? ClusterID(9) else { return }
            var peer = first
            peer.id = id
            configuration.peers = [peer]
        }
        try await TestMesh.run([athens, TestCluster("kos", id: 3)]) { mesh in
            let agent = try mesh.agent("athens")
            try await eventually { agent.status().peers[0].lastError?.contains("3") == true }
            #expect(!agent.status().isSynchronized)
            #expect(agent.views.nodes.snapshot().count == 0)
        }
    }

    @Test func aPeerWithACertificateOfAnotherClusterIsRefused() async throws {
        var athens = TestCluster("athens", id: 1)
        athens.peers = ["kos"]
        // The address of hurup's server stands where kos' should: the certificate there says hurup.
        try await TestMesh.run([athens, TestCluster("hurup", id: 2), TestCluster("kos", id: 3)]) { mesh in
            try await mesh.waitUntilSynchronized()
            let link = try mesh.link(from: "athens", to: "kos")
            link.retarget(to: try mesh.agent("hurup").port)
            link.dropConnections()
            let agent = try mesh.agent("athens")
            try await eventually {
                let peer = agent.status().peers[0]
                return peer.state != .watching && peer.lastError?.contains("kos.mesh.cilium.io") == true
            }
        }
    }
}

import ClusterMesh
import ClusterMeshTestKit
import Foundation
import TestSupport
import Testing

@Suite struct TestMeshTests {
    private func node(_ name: String, of cluster: String, id: UInt32) throws -> StateLine {
        StateLine(
            key: RecordKey.node(name).key(in: try ClusterName(cluster)),
            value: NodeRecord(name: name, cluster: cluster, clusterID: id).encoded())
    }

    private func nodes(at name: String, in mesh: TestMesh) throws -> Set<String> {
        let nodes = try mesh.agent(name).views.nodes.snapshot()
        return Set(nodes.clusters.names.flatMap { cluster in nodes.nodes(of: cluster).map { "\(cluster)/\($0.name)" } })
    }

    @Test func clustersSeeEachOthersRecords() async throws {
        let clusters = [
            TestCluster("athens", id: 1, state: [try node("plaka", of: "athens", id: 1)]),
            TestCluster("hurup", id: 2, state: [try node("thy", of: "hurup", id: 2)]),
            TestCluster("kos", id: 3, state: [try node("kefalos", of: "kos", id: 3)]),
        ]
        try await TestMesh.run(clusters) { mesh in
            try await mesh.waitUntilSynchronized()
            for name in mesh.names {
                try await eventually { try nodes(at: name, in: mesh) == ["athens/plaka", "hurup/thy", "kos/kefalos"] }
            }
        }
    }

    @Test func aClusterThatIsNotCompleteIsNotTakenFor() async throws {
        var kos = TestCluster("kos", id: 3, state: [try node("kefalos", of: "kos", id: 3)])
        kos.isComplete = false
        try await TestMesh.run([TestCluster("athens", id: 1), kos]) { mesh in
            let athens = try mesh.agent("athens")
            try await eventually { athens.status().peers.first?.state == .identifying }
            #expect(try nodes(at: "athens", in: mesh).isEmpty)
            await #expect(throws: SynchronizationTimeout.self) {
                try await athens.waitUntilSynchronized(timeout: .milliseconds(50))
            }
            try mesh.agent("kos").initialStateComplete()
            try await eventually { try nodes(at: "athens", in: mesh) == ["kos/kefalos"] }
        }
    }

    @Test func anIsolatedClusterIsKeptAndMarkedStaleUntilItIsBack() async throws {
        let clusters = [
            TestCluster("athens", id: 1), TestCluster("kos", id: 3, state: [try node("kefalos", of: "kos", id: 3)]),
        ]
        try await TestMesh.run(clusters) { mesh in
            try await mesh.waitUntilSynchronized()
            let kos = try ClusterName("kos")
            let views = try mesh.agent("athens").views
            try await eventually { views.nodes.snapshot().count == 1 }
            try mesh.isolate("kos")
            try await eventually { views.nodes.snapshot().clusters.freshness(of: kos) == .stale }
            #expect(try nodes(at: "athens", in: mesh) == ["kos/kefalos"])
            try mesh.reconnect("kos")
            try await eventually { views.nodes.snapshot().clusters.freshness(of: kos) == .current }
        }
    }

    @Test func aClusterThatStartsAnewIsReadAgainAndCompared() async throws {
        let kept = try node("kefalos", of: "kos", id: 3)
        let clusters = [
            TestCluster("athens", id: 1),
            TestCluster("kos", id: 3, state: [kept, try node("kardamena", of: "kos", id: 3)]),
        ]
        try await TestMesh.run(clusters) { mesh in
            try await mesh.waitUntilSynchronized()
            try await eventually { try nodes(at: "athens", in: mesh).count == 2 }
            let before = try mesh.agent("athens").status().peers[0].storeID
            await mesh.stop("kos")
            #expect(throws: TestMeshError.self) { try mesh.agent("kos") }
            try mesh.start("kos", holding: [kept, try node("tigaki", of: "kos", id: 3)])
            try await eventually { try nodes(at: "athens", in: mesh) == ["kos/kefalos", "kos/tigaki"] }
            // The outcome is told once the peer is followed again.
            try await eventually {
                let peer = try mesh.agent("athens").status().peers[0]
                return peer.state == .watching && peer.synchronisations == 2
            }
            let peer = try mesh.agent("athens").status().peers[0]
            #expect(peer.storeID != before)
            #expect(peer.lastResync?.changes.added == 1)
            #expect(peer.lastResync?.changes.removed == 1)
            #expect(peer.lastResync?.changes.changed == 0, "an unchanged record is no update")
        }
    }

    @Test func aClusterMirrorsOnlyThePeersItIsGiven() async throws {
        var athens = TestCluster("athens", id: 1)
        athens.peers = ["hurup"]
        try await TestMesh.run([athens, TestCluster("hurup", id: 2), TestCluster("kos", id: 3)]) { mesh in
            try await mesh.waitUntilSynchronized()
            #expect(try mesh.agent("athens").status().peers.map { "\($0.cluster)" } == ["hurup"])
            #expect(throws: TestMeshError.self) { try mesh.link(from: "athens", to: "kos") }
        }
    }

    @Test func itsFilesAreGoneAtTheEndAlsoWhenTheBodyThrows() async throws {
        struct Planned: Error {}
        let place = Place()
        await #expect(throws: Planned.self) {
            try await TestMesh.run([TestCluster("athens", id: 1)]) { mesh in
                await place.set(mesh.directory)
                #expect(FileManager.default.fileExists(atPath: mesh.certificates(of: "athens").serverKey))
                throw Planned()
            }
        }
        let directory = try #require(await place.path)
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    private actor Place {
        private(set) var path: String?
        func set(_ path: String) { self.path = path }
    }
}

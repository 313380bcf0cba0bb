import ClusterMesh
import ClusterMeshTestKit
import TestSupport
import Testing

/// Clusters whose pods have the same addresses, which no mesh can route between: it has to be said, with names.
@Suite struct OverlappingRangesTests {
    private func node(_ name: String, of cluster: String, _ id: UInt32, _ range: String) throws -> StateLine {
        var node = NodeRecord(name: name, cluster: cluster, clusterID: id)
        node.ipv4AllocationCIDR = try IPPrefix(range)
        return StateLine(key: RecordKey.node(name).key(in: try ClusterName(cluster)), value: node.encoded())
    }

    @Test func whoMirrorsThemIsToldWhichRangesOfWhoseNodesOverlapUntilTheyNoLongerDo() async throws {
        let clusters = [
            TestCluster("athens", id: 1, state: [try node("plaka", of: "athens", 1, "10.0.0.0/24")]),
            TestCluster("hurup", id: 2, state: [try node("thy", of: "hurup", 2, "10.2.0.0/24")]),
            TestCluster("kos", id: 3, state: [try node("kefalos", of: "kos", 3, "10.2.0.128/25")]),
        ]
        try await TestMesh.run(clusters) { mesh in
            try await mesh.waitUntilSynchronized()
            let expected = "pod range 10.2.0.0/24 of hurup/thy overlaps 10.2.0.128/25 of kos/kefalos"
            for name in mesh.names {
                let nodes = try mesh.agent(name).views.nodes
                try await eventually("\(name) is told") {
                    nodes.snapshot().podCIDRConflicts.map(\.description) == [expected]
                }
            }
            // A third one in the same place, of the cluster that looks itself.
            let third = try node("omonia", of: "athens", 1, "10.2.0.0/16")
            try mesh.agent("athens").store.put(third.key, third.value)
            let nodes = try mesh.agent("kos").views.nodes
            try await eventually("kos is told of the wider range, too") { nodes.snapshot().podCIDRConflictCount >= 2 }
            try mesh.agent("athens").store.delete(.key(third.key))
            let moved = try node("kefalos", of: "kos", 3, "10.3.0.128/25")
            try mesh.agent("kos").store.put(moved.key, moved.value)
            for name in mesh.names {
                let nodes = try mesh.agent(name).views.nodes
                try await eventually("\(name) sees the end of it") { nodes.snapshot().podCIDRConflictCount == 0 }
            }
        }
    }
}

import ClusterMesh
import ClusterMeshTestKit
import Foundation
import TestSupport
import Testing

/// Meshes in which every cluster mirrors every other one. `mesh-scale mesh` in `Benchmarks/` measures the same.
@Suite struct FullMeshTests {
    private static let size = ProducedSize(nodes: 3, identities: 4, ips: 20)
    private static let isLong = ProcessInfo.processInfo.environment["MESH_TEST_LONG"] != nil

    /// Runs a mesh of so many clusters until all know all, and then until what one of them adds is known to all.
    private static func run(_ count: Int) async throws {
        let clusters = try (1...count).map { number in
            let cluster = try ProducedCluster(number: number, size: size)
            return TestCluster(cluster.name.rawValue, id: number, state: cluster.state)
        }
        let start = ContinuousClock.now
        try await TestMesh.run(clusters, hasLinks: false) { mesh in
            try await mesh.waitUntilSynchronized(timeout: .seconds(240))
            for name in mesh.names {
                let views = try mesh.agent(name).views
                try await eventually(within: .seconds(60), "\(name) knows all") {
                    views.nodes.snapshot().count == count * size.nodes
                        && views.identities.snapshot().count == count * size.identities
                        && views.ipCache.snapshot().count == count * size.ips
                }
                #expect(views.nodes.snapshot().clusters.names.count == count)
                #expect(views.ipCache.snapshot().conflicts.isEmpty)
            }
            let took = start.duration(to: .now)
            print(
                "\(count) clusters, fully meshed, know each other after \(took); \(try ProcessFigures.residentKiB) KiB")

            let first = try mesh.agent(mesh.names[0])
            let node = NodeRecord(name: "late", cluster: mesh.names[0], clusterID: 1)
            try first.store.put(RecordKey.node("late").key(in: first.configuration.name), node.encoded())
            for name in mesh.names {
                let views = try mesh.agent(name).views
                try await eventually(within: .seconds(60), "\(name) hears of the new node") {
                    views.nodes.snapshot()[first.configuration.name, "late"] == node
                }
            }
            let refused = try mesh.names.flatMap { try mesh.agent($0).status().peers }.filter {
                $0.rejections.total > 0
            }
            #expect(refused.isEmpty)
        }
    }

    /// Runs such a mesh in a process of its own, where all memory is the mesh's, and bounds what it takes: for each
    /// mirror, and the connection's other end in the same process, and for each cluster.
    private static func runAlone(_ count: Int) async throws {
        let before = try ProcessFigures.residentKiB
        try await run(count)
        let grown = try ProcessFigures.residentKiB - before
        // An unoptimised build, and all of it kept by the allocator after the end: a bound for what runs away.
        guard ProcessFigures.isMemoryItsOwn else { return }
        #expect(grown < 64 << 10 + count * (count - 1) << 10, "\(grown) KiB for \(count) clusters")
    }

    @Test(.timeLimit(.minutes(5))) func threeClustersKnowEachOther() async {
        await #expect(processExitsWith: .success) { try await FullMeshTests.runAlone(3) }
    }

    @Test(.timeLimit(.minutes(5))) func eightClustersKnowEachOther() async {
        await #expect(processExitsWith: .success) { try await FullMeshTests.runAlone(8) }
    }

    @Test(.enabled(if: isLong, "with make test-long"), .timeLimit(.minutes(10)))
    func fiftyClustersKnowEachOther() async {
        await #expect(processExitsWith: .success) { try await FullMeshTests.runAlone(50) }
    }
}

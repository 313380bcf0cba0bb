import ClusterMesh
import ClusterMeshTestKit
import MeshCore
import TestSupport
import Testing

@Suite struct MeshAgentLeaseTests {
    @Test func aRunningAgentEndsTheLeasesOfItsStore() async throws {
        try await TestMesh.run([TestCluster("athens", id: 1)]) { mesh in
            let store = try mesh.agent("athens").store
            let lease = try store.perform(LeaseGrantRequest(ttl: 2)).id
            let kept = try store.perform(LeaseGrantRequest(ttl: 600)).id
            try store.put("lock/short", "", lease: lease)
            try store.put("lock/long", "", lease: kept)
            try await eventually("the lease ends") { store.get("lock/short") == nil }
            #expect(store.get("lock/long") != nil)
            #expect(try store.reader.leases().leases == [kept])
        }
    }
}

import MeshCore
import MeshRecords
import MeshViews
import Testing

@Suite("Nodes")
struct NodesTests {
    @Test func nodesOfTheSameNameInDifferentClustersNeverMeet() {
        var nodes = merged(
            Nodes.self,
            Cluster.all.map { set(node("n1", in: $0, boot: $0.rawValue), in: $0) }
        )
        #expect(nodes.count == 3)
        #expect(nodes[Cluster.kos, "n1"]?.bootID == "kos")
        _ = nodes.apply([remove(.node("n1"), in: Cluster.kos)])
        #expect(nodes[Cluster.kos, "n1"] == nil)
        #expect(nodes[Cluster.athens, "n1"]?.bootID == "athens")
        #expect(nodes.all.map(\.cluster) == [Cluster.athens, Cluster.hurup])
    }

    @Test func aClustersNodesAreListedByName() {
        let nodes = merged(Nodes.self, ["n2", "n1"].map { set(node($0, in: Cluster.kos), in: Cluster.kos) })
        #expect(nodes.nodes(of: Cluster.kos).map(\.name) == ["n1", "n2"])
        #expect(nodes.nodes(of: Cluster.hurup) == [])
    }

    @Test func aChangeSaysWhatWasAndWhatIs() {
        var nodes = merged(Nodes.self, [])
        let updates: [RecordUpdate] = [
            set(node("n1", in: Cluster.kos, boot: "a"), in: Cluster.kos),
            set(node("n1", in: Cluster.kos, boot: "a"), in: Cluster.kos),
            set(node("n1", in: Cluster.kos, boot: "b"), in: Cluster.kos),
            remove(.node("n1"), in: Cluster.kos),
            remove(.node("n1"), in: Cluster.kos),
        ]
        let changes = nodes.apply(updates)
        #expect(changes.map(\.old?.bootID) == [nil, "a", "b"])
        #expect(changes.map(\.new?.bootID) == ["a", "b", nil])
    }

    @Test func aWithdrawnClustersNodesGoInOrder() {
        var nodes = merged(
            Nodes.self,
            Cluster.all.flatMap { cluster in ["n2", "n1"].map { set(node($0, in: cluster), in: cluster) } }
        )
        let changes = nodes.apply([.withdrawn(Cluster.kos)])
        #expect(changes.map(\.name) == ["n1", "n2"])
        #expect(nodes.count == 4)
        #expect(nodes.clusters.names == [Cluster.athens, Cluster.hurup])
    }
}

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

    @Test func overlappingPodRangesOfTwoClustersAreANamedConflict() throws {
        var nodes = merged(
            Nodes.self,
            [
                set(try node("n1", in: Cluster.kos, ranges: ["10.4.0.0/16"]), in: Cluster.kos),
                set(try node("n2", in: Cluster.hurup, ranges: ["10.4.7.0/24", "fd00:7::/64"]), in: Cluster.hurup),
                set(try node("n3", in: Cluster.athens, ranges: ["10.5.0.0/16", "fd00:3::/64"]), in: Cluster.athens),
            ]
        )
        #expect(nodes.podCIDRConflictCount == 1)
        let conflict = try #require(nodes.podCIDRConflicts.first)
        #expect(conflict.description == "pod range 10.4.0.0/16 of kos/n1 overlaps 10.4.7.0/24 of hurup/n2")
        #expect(conflict.outer.cluster == Cluster.kos)
        #expect(conflict.inner.node == "n2")
        // It ends when the node gets another range.
        _ = nodes.apply([set(try node("n2", in: Cluster.hurup, ranges: ["10.6.7.0/24"]), in: Cluster.hurup)])
        #expect(nodes.podCIDRConflicts == [])
        #expect(nodes.podCIDRConflictCount == 0)
    }

    @Test func everyRangeOfANodeCounts() throws {
        for ranges in [["10.1.0.0/16", "10.4.1.0/24"], ["fd00:1::/64", "fd00:4::/80"]] {
            var node = NodeRecord(name: "n1", cluster: "kos", clusterID: 3)
            let (first, second) = (try IPPrefix(ranges[0]), try IPPrefix(ranges[1]))
            if first.address.family == .v4 {
                (node.ipv4AllocationCIDR, node.ipv4SecondaryAllocationCIDRs) = (first, [second])
            } else {
                (node.ipv6AllocationCIDR, node.ipv6SecondaryAllocationCIDRs) = (first, [second])
            }
            for range in ranges {
                let nodes = merged(
                    Nodes.self,
                    [
                        set(.node(node), in: Cluster.kos),
                        set(try MeshViewsTests.node("n9", in: Cluster.athens, ranges: [range]), in: Cluster.athens),
                    ]
                )
                #expect(nodes.podCIDRConflicts.map(\.outer.cidr.description) == [range])
            }
        }
    }

    @Test func aStaleClustersRangesStillCountAndAWithdrawnOnesDoNot() throws {
        var nodes = merged(
            Nodes.self,
            try [Cluster.kos, Cluster.hurup].map {
                set(try node("n1", in: $0, ranges: ["10.4.0.0/16"]), in: $0)
            }
        )
        _ = nodes.apply([.stale(Cluster.kos)])
        #expect(
            nodes.podCIDRConflicts.map(\.description)
                == ["pod range 10.4.0.0/16 of hurup/n1 overlaps 10.4.0.0/16 of kos/n1"]
        )
        _ = nodes.apply([.withdrawn(Cluster.kos)])
        #expect(nodes.podCIDRConflicts == [])
    }

    @Test func ofManyConflictsTheFirstAreListedAndAllCounted() throws {
        let limit = Nodes.maximumListedConflicts
        let count = limit + 10
        let updates = try (0..<count).flatMap { number in
            try [Cluster.kos, Cluster.athens].map { cluster in
                set(try node("n\(number)", in: cluster, ranges: ["10.0.\(number).0/24"]), in: cluster)
            }
        }
        let nodes = merged(Nodes.self, updates.shuffled())
        #expect(nodes.podCIDRConflictCount == count)
        #expect(
            nodes.podCIDRConflicts.map(\.outer.cidr.description) == (0..<limit).map { "10.0.\($0).0/24" }
        )
    }
}

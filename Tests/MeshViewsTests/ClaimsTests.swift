import MeshCore
import MeshRecords
import TestSupport
import Testing

@testable import MeshViews

@Suite("Claims")
struct ClaimsTests {
    @Test func theLocalClusterComesFirstThenTheOthersByName() {
        let ranks = [Cluster.kos, Cluster.athens, Cluster.hurup].map { ClusterRank($0, local: Cluster.hurup) }
        #expect(ranks.sorted().map(\.cluster) == [Cluster.hurup, Cluster.athens, Cluster.kos])
    }

    @Test func theSmallestClaimantsWordCounts() {
        var claims = Claims<Int, String>()
        #expect(claims.winner == nil)
        #expect(claims.set("two", by: 2) == nil)
        #expect(claims.winner?.value == "two")
        #expect(claims.set("one", by: 1) == nil)
        #expect(claims.winner?.value == "one")
        #expect(claims.set("three", by: 3) == nil)
        #expect(claims.all.map(\.claimant) == [1, 2, 3])
        #expect(claims.set("another", by: 1) == "one")
        #expect(claims.winner?.value == "another")
        #expect(claims.set(nil, by: 1) == "another")
        #expect(claims.winner?.value == "two")
        #expect(claims.set(nil, by: 1) == nil)
        #expect(claims[2] == "two")
        #expect(claims[1] == nil)
    }

    @Test func theyAgreeWithADictionaryThatIsSorted() async throws {
        try await withRandomNumbers { random in
            var claims = Claims<Int, Int>()
            var model: [Int: Int] = [:]
            for _ in 0..<2_000 {
                let claimant = Int.random(in: 0..<6, using: &random)
                let value = Bool.random(using: &random) ? Int.random(in: 0..<3, using: &random) : nil
                #expect(claims.set(value, by: claimant) == model[claimant])
                model[claimant] = value
                #expect(claims.all.map(\.claimant) == model.keys.sorted())
                #expect(claims.all.map(\.value) == model.sorted { $0.key < $1.key }.map(\.value))
            }
        }
    }
}

@Suite("ClusterMarks")
struct ClusterMarksTests {
    @Test func aClusterIsUnknownUntilSomethingOfItIsThere() {
        var nodes = merged(Nodes.self, [])
        #expect(nodes.clusters.names == [])
        #expect(nodes.clusters.freshness(of: Cluster.kos) == nil)
        _ = nodes.apply([set(node("n1", in: Cluster.kos), in: Cluster.kos)])
        #expect(nodes.clusters.freshness(of: Cluster.kos) == .incomplete)
        #expect(nodes.clusters.count(of: Cluster.kos) == 1)
        _ = nodes.apply([.current(Cluster.kos), .current(Cluster.hurup)])
        #expect(nodes.clusters.names == [Cluster.hurup, Cluster.kos])
        #expect(nodes.clusters.freshness(of: Cluster.kos) == .current)
        #expect(nodes.clusters.count(of: Cluster.hurup) == 0)
    }

    @Test func staleRecordsStayAndAreMarkedUntilTheyAreCurrentAgain() {
        var nodes = merged(
            Nodes.self,
            [set(node("n1", in: Cluster.kos), in: Cluster.kos), .current(Cluster.kos), .stale(Cluster.kos)]
        )
        #expect(nodes.clusters.stale == [Cluster.kos])
        #expect(nodes.count == 1)
        // A record that arrives while the rest is being listed does not make the rest fresh.
        _ = nodes.apply([set(node("n2", in: Cluster.kos), in: Cluster.kos)])
        #expect(nodes.clusters.stale == [Cluster.kos])
        _ = nodes.apply([.current(Cluster.kos)])
        #expect(nodes.clusters.stale == [])
        #expect(nodes.clusters.count(of: Cluster.kos) == 2)
    }

    @Test func recordsOfOtherKindsCountForNothing() throws {
        let others = [identity(1, "k8s:a=1;"), try ip("10.0.0.1"), try service("cart", in: Cluster.kos)]
        #expect(merged(Nodes.self, others.map { set($0, in: Cluster.kos) }) == merged(Nodes.self, []))
        let nodes = [set(node("n1", in: Cluster.kos), in: Cluster.kos)]
        #expect(merged(GlobalServices.self, nodes) == merged(GlobalServices.self, []))
        #expect(merged(Identities.self, nodes) == merged(Identities.self, []))
        #expect(merged(IPCache.self, nodes) == merged(IPCache.self, []))
    }
}

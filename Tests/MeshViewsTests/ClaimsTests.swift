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

    private struct Word: Claim {
        var claimant: Int
        var text: String
    }

    @Test func theSmallestClaimantsWordCounts() {
        var claims = Claims<Word>()
        func say(_ text: String?, by claimant: Int) -> String? {
            claims.set(text.map { Word(claimant: claimant, text: $0) }, by: claimant)?.text
        }
        #expect(claims.winner == nil)
        #expect(claims.isEmpty)
        #expect(say("two", by: 2) == nil)
        #expect(claims.winner?.text == "two")
        #expect(say("one", by: 1) == nil)
        #expect(claims.winner?.text == "one")
        #expect(say("three", by: 3) == nil)
        #expect(claims.all.map(\.claimant) == [1, 2, 3])
        #expect(claims.others.map(\.claimant) == [2, 3])
        #expect(say("another", by: 1) == "one")
        #expect(claims.winner?.text == "another")
        #expect(say(nil, by: 1) == "another")
        #expect(claims.winner?.text == "two")
        #expect(say(nil, by: 1) == nil)
        #expect(claims[2]?.text == "two")
        #expect(claims[1] == nil)
    }

    @Test func theyAgreeWithADictionaryThatIsSorted() async throws {
        try await withRandomNumbers { random in
            var claims = Claims<Word>()
            var model: [Int: Word] = [:]
            for _ in 0..<2_000 {
                let claimant = Int.random(in: 0..<6, using: &random)
                let text = Bool.random(using: &random) ? "\(Int.random(in: 0..<3, using: &random))" : nil
                let word = text.map { Word(claimant: claimant, text: $0) }
                #expect(claims.set(word, by: claimant) == model[claimant])
                model[claimant] = word
                let expected = model.sorted { $0.key < $1.key }.map(\.value)
                #expect(claims.all == expected)
                #expect(claims.winner == expected.first)
                #expect(claims.others == Array(expected.dropFirst()))
                #expect(claims.isEmpty == expected.isEmpty)
                #expect(claims[claimant] == word)
            }
        }
    }

    @Test func whatIsTakenBackLeavesNoTrace() {
        var claims = Claims<Word>()
        let words = (1...3).map { Word(claimant: $0, text: "a") }
        for word in words { claims.set(word, by: word.claimant) }
        for word in words.dropLast() { claims.set(nil, by: word.claimant) }
        var alone = Claims<Word>()
        alone.set(words[2], by: 3)
        #expect(claims == alone)
        claims.set(nil, by: 3)
        #expect(claims == Claims<Word>())
    }

    @Test func aSingleClaimIsHeldInPlace() {
        #expect(MemoryLayout<Claims<Word>>.stride <= MemoryLayout<Word>.stride + MemoryLayout<[Word]>.stride)
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

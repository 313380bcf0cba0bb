import TestSupport
import Testing

@testable import ClusterMeshTestKit

@Suite struct ProducedChurnTests {
    private let size = ProducedSize(nodes: 2, identities: 3, ips: 4)

    @Test func onlyWhatIsThereIsTakenAwayAndWhatIsAwayComesBack() async throws {
        try await withRandomNumbers { numbers in
            var churn = ProducedChurn(clusters: 2, size: size, rates: ChurnRates(nodes: 1, identities: 1, ips: 2))
            var away: Set<ProducedChurn.Place> = []
            var deletions = 0
            for _ in 0..<2_000 {
                let next = churn.next(using: &numbers)
                let change = try #require(next)
                if change.isDeletion {
                    deletions += 1
                    #expect(away.insert(change.place).inserted, "it was away already")
                } else {
                    away.remove(change.place)
                }
            }
            #expect((200..<600).contains(deletions), "about one in five: \(deletions)")
            #expect(Set(churn.bringBack()) == away)
            #expect(churn.bringBack().isEmpty)
        }
    }

    @Test func kindsChangeInProportionToTheirRates() async throws {
        try await withRandomNumbers { numbers in
            var churn = ProducedChurn(clusters: 5, size: size, rates: .cilium)
            var counts: [String: Int] = [:]
            var clusters: Set<Int> = []
            for _ in 0..<13_000 {
                let next = churn.next(using: &numbers)
                let change = try #require(next)
                clusters.insert(change.place.cluster)
                switch change.place.record {
                case .node(let number):
                    #expect((0..<2).contains(number))
                    counts["node", default: 0] += 1
                case .identity(let number):
                    #expect((0..<3).contains(number))
                    counts["identity", default: 0] += 1
                case .ip(let number):
                    #expect((0..<4).contains(number))
                    counts["ip", default: 0] += 1
                }
            }
            #expect(clusters == Set(0..<5))
            // 1,000, 2,000 and 10,000 are expected.
            #expect((700..<1_300).contains(counts["node", default: 0]), "\(counts)")
            #expect((1_600..<2_400).contains(counts["identity", default: 0]), "\(counts)")
        }
    }

    @Test func nothingChangesWithoutARateOrACluster() {
        var numbers = SplitMix64(seed: 1)
        var still = ProducedChurn(clusters: 2, size: size, rates: ChurnRates(nodes: 0, identities: -1, ips: 0))
        let change = still.next(using: &numbers)
        #expect(change == nil)
        var nobody = ProducedChurn(clusters: 0, size: size, rates: .cilium)
        let other = nobody.next(using: &numbers)
        #expect(other == nil)
    }

    @Test func theRatesOfCiliumsTestAreWhatTheyAre() {
        #expect(abs(ChurnRates.cilium.total * 250 - 325) < 0.001)
        #expect(ProducedSize.cilium.total * 250 == 300_000)
    }
}

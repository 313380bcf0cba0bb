import MeshCore
import TestSupport
import Testing

@testable import MeshViews

@Suite("PodRanges")
struct PodRangesTests {
    private struct Held: Hashable {
        var range: IPPrefix
        var cluster: ClusterName
        var node: String

        static func precedes(_ left: Held, _ right: Held) -> Bool {
            (left.range, left.cluster, left.node) < (right.range, right.cluster, right.node)
        }
    }

    private func ranges(_ texts: [(String, ClusterName, String)]) throws -> PodRanges {
        var ranges = PodRanges()
        for (range, cluster, node) in texts { ranges.insert(try IPPrefix(range), of: cluster, node) }
        return ranges
    }

    private func described(_ ranges: PodRanges) -> [String] {
        ranges.conflicts(100).map { "\($0.outer) > \($0.inner)" }
    }

    @Test func rangesOfOneClusterAreNoConflict() throws {
        let ranges = try ranges([
            ("10.0.0.0/8", Cluster.kos, "n1"), ("10.1.0.0/16", Cluster.kos, "n2"), ("10.1.0.0/16", Cluster.kos, "n3"),
        ])
        #expect(ranges.conflictCount == 0)
        #expect(described(ranges) == [])
    }

    @Test func rangesSideBySideAreNoConflict() throws {
        let ranges = try ranges([
            ("10.0.0.0/24", Cluster.kos, "n1"), ("10.0.1.0/24", Cluster.hurup, "n1"),
            ("10.0.2.0/23", Cluster.athens, "n1"), ("0.0.0.0/32", Cluster.kos, "n2"), ("::/127", Cluster.hurup, "n2"),
        ])
        #expect(ranges.conflictCount == 0)
    }

    @Test func aRangeThatHoldsOthersIsOneConflictAndNamesTheFirst() throws {
        let ranges = try ranges([
            ("10.0.9.0/24", Cluster.kos, "n9"), ("0.0.0.0/0", Cluster.hurup, "n1"), ("10.0.1.0/24", Cluster.kos, "n1"),
            ("10.0.0.0/16", Cluster.hurup, "n2"),
        ])
        #expect(
            described(ranges) == [
                "0.0.0.0/0 of hurup/n1 > 10.0.1.0/24 of kos/n1", "10.0.0.0/16 of hurup/n2 > 10.0.1.0/24 of kos/n1",
            ]
        )
    }

    @Test func theSameRangeOfManyNodesNamesTheFirstOfEachCluster() throws {
        let ranges = try ranges([
            ("10.0.0.0/24", Cluster.kos, "n2"), ("10.0.0.0/24", Cluster.hurup, "n3"),
            ("10.0.0.0/24", Cluster.hurup, "n1"), ("10.0.0.0/24", Cluster.kos, "n1"),
        ])
        #expect(described(ranges) == ["10.0.0.0/24 of hurup/n1 > 10.0.0.0/24 of kos/n1"])
    }

    @Test func removingWhatIsNotThereChangesNothing() throws {
        let before = try ranges([("10.0.0.0/24", Cluster.kos, "n1"), ("10.0.1.0/24", Cluster.hurup, "n1")])
        var after = before
        for range in ["10.0.0.0/24", "10.0.0.0/23", "10.0.0.128/25", "192.0.2.0/24", "::/0"] {
            after.remove(try IPPrefix(range), of: Cluster.kos, "n9")
        }
        #expect(after == before)
    }

    /// Every pair that overlaps, found by looking at all: the ranges that hold, or are, another cluster's.
    private func expected(_ held: Set<Held>) -> [PodCIDRConflict] {
        let sorted = held.sorted(by: Held.precedes)
        var seen: Set<IPPrefix> = []
        return sorted.compactMap { outer in
            guard seen.insert(outer.range).inserted else { return nil }
            let inner = sorted.first { $0.cluster != outer.cluster && outer.range.contains($0.range) }
            return inner.map { inner in
                PodCIDRConflict(
                    outer: .init(cidr: outer.range, cluster: outer.cluster, node: outer.node),
                    inner: .init(cidr: inner.range, cluster: inner.cluster, node: inner.node)
                )
            }
        }
    }

    @Test func theyAgreeWithLookingAtEveryPairAndDoNotDependOnTheOrder() async throws {
        try await withRandomNumbers { random in
            var ranges = PodRanges()
            var held: Set<Held> = []
            for step in 0..<600 {
                let low = UInt64.random(in: 0..<16, using: &random)
                let address = Bool.random(using: &random) ? IPAddress(v4: UInt32(low)) : IPAddress(v6: low << 60, low)
                let length = Int.random(in: 0...address.family.bitCount, using: &random)
                let range = try #require(IPPrefix(address, length: length)).masked
                let cluster = Cluster.all.randomElement(using: &random) ?? Cluster.kos
                let one = Held(range: range, cluster: cluster, node: "n\(Int.random(in: 0...2, using: &random))")
                if Int.random(in: 0..<5, using: &random) < 3 {
                    ranges.insert(one.range, of: one.cluster, one.node)
                    held.insert(one)
                } else {
                    // Often one that is there.
                    let one = held.randomElement(using: &random) ?? one
                    ranges.remove(one.range, of: one.cluster, one.node)
                    held.remove(one)
                }
                guard step % 10 == 0 else { continue }
                let expected = expected(held)
                #expect(ranges.conflicts(.max) == expected)
                #expect(ranges.conflicts(3) == Array(expected.prefix(3)))
                #expect(ranges.conflictCount == expected.count)
                var anew = PodRanges()
                for one in held.shuffled(using: &random) { anew.insert(one.range, of: one.cluster, one.node) }
                #expect(anew == ranges)
            }
            for one in held { ranges.remove(one.range, of: one.cluster, one.node) }
            #expect(ranges == PodRanges())
        }
    }

    @Test func aCopyStaysAsItIs() throws {
        let before = try ranges([("10.0.0.0/16", Cluster.kos, "n1"), ("10.0.1.0/24", Cluster.hurup, "n1")])
        var after = before
        after.remove(try IPPrefix("10.0.1.0/24"), of: Cluster.hurup, "n1")
        #expect(before.conflictCount == 1)
        #expect(after.conflictCount == 0)
    }
}

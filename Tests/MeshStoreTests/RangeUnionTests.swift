import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct RangeUnionTests {
    @Test func containsWhatOneOfItsRangesContains() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                var random = RandomRequests(numbers)
                let ranges = (0..<random.number(0...12)).map { _ in random.range() }
                numbers = random.numbers
                var union = RangeUnion()
                union.add(Array(ranges.prefix(3)))
                union.add(Array(ranges.dropFirst(3)))
                for key in RandomRequests.keys {
                    #expect(union.contains(key) == ranges.contains { $0.contains(key) }, "\(key) in \(ranges)")
                }
                for (left, right) in zip(union.ranges, union.ranges.dropFirst()) {
                    #expect(left.lower < right.lower)
                    #expect(!left.overlaps(right))
                }
            }
        }
    }
}

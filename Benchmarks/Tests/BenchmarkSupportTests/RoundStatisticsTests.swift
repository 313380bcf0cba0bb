import BenchmarkSupport
import Testing

@Suite struct RoundStatisticsTests {
    @Test func noRoundsHaveNoStatistics() {
        #expect(RoundStatistics([]) == nil)
    }

    @Test(arguments: [([3], 3), ([9, 1, 2], 2), ([4, 1, 2, 3], 2.5)] as [([Double], Double)])
    func theMedianIsTheMiddle(values: [Double], median: Double) throws {
        #expect(try #require(RoundStatistics(values)).median == median)
    }

    @Test func theSpreadIsTheRangeAsAShareOfTheMedian() throws {
        let statistics = try #require(RoundStatistics([12, 8, 10]))
        #expect(statistics.range == 8...12)
        #expect(statistics.spread == 0.4)
    }

    @Test func figuresOfZeroHaveNoSpread() throws {
        #expect(try #require(RoundStatistics([0, 0])).spread == 0)
    }
}

import BenchmarkSupport
import Testing

@Suite struct LatencyHistogramTests {
    @Test func anEmptyOneHasNoQuantiles() {
        let histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        #expect(histogram.count == 0)
        #expect(histogram.maximum == 0)
    }

    @Test(arguments: [0, 1, 31, 32, 63, 64, 65, 1_000, 4_095, 4_096, 999_983, 1 << 30, (1 << 40) - 1] as [UInt64])
    func whatIsReadBackIsAtMostThreePercentOff(value: UInt64) throws {
        var histogram = LatencyHistogram()
        histogram.record(value, times: 2)
        // Not the maximum, which is exact.
        histogram.record(LatencyHistogram.longest)
        let median = try #require(histogram.quantile(0.5))
        #expect(abs(Double(median) - Double(value)) <= 0.03 * Double(value))
    }

    @Test func quantilesAreThoseOfASortedList() throws {
        var histogram = LatencyHistogram()
        for value in 1...10_000 { histogram.record(UInt64(value) * 1_000) }
        for share in [0.01, 0.5, 0.9, 0.99, 0.999] {
            let expected = share * 10_000_000
            let found = Double(try #require(histogram.quantile(share)))
            #expect(abs(found - expected) <= 0.03 * expected, "the share \(share)")
        }
        #expect(histogram.quantile(1) == 10_000_000)
        #expect(histogram.maximum == 10_000_000)
    }

    @Test func theMaximumIsExact() {
        var histogram = LatencyHistogram()
        histogram.record(123_457)
        #expect(histogram.quantile(0.99) == 123_457)
        #expect(histogram.quantile(0.5) == 123_457)
    }

    @Test func whatIsTooLongCountsAsTheLongestButIsTheMaximum() {
        var histogram = LatencyHistogram()
        histogram.record(1 << 50)
        #expect(histogram.count == 1)
        #expect(histogram.maximum == 1 << 50)
    }

    @Test func twoMergedAreAsOneThatRecordedAll() {
        var left = LatencyHistogram()
        var right = LatencyHistogram()
        var both = LatencyHistogram()
        for value in stride(from: 1, to: 1 << 33, by: 98_765_431) as StrideTo<Int> {
            let value = UInt64(value)
            if value.isMultiple(of: 3) { left.record(value, times: 2) } else { right.record(value, times: 2) }
            both.record(value, times: 2)
        }
        left.merge(right)
        #expect(left.count == both.count)
        #expect(left.maximum == both.maximum)
        for share in [0.1, 0.5, 0.99] { #expect(left.quantile(share) == both.quantile(share)) }
    }
}

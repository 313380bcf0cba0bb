import BenchmarkTargets
import Testing

@Suite struct IsolationFiguresTests {
    private func figures(_ latency: Duration, outlier: Duration) -> IsolationFigures {
        var figures = IsolationFigures()
        figures.puts = Array(repeating: latency, count: 95) + Array(repeating: outlier, count: 5)
        figures.reads = figures.puts
        figures.propagations = figures.puts
        return figures
    }

    @Test func aQuantileIsTheSmallestThatTheShareDoesNotExceed() {
        let latencies = (1...100).reversed().map { Duration.milliseconds($0) }
        #expect(IsolationFigures.quantile(latencies, 0.5) == .milliseconds(50))
        #expect(IsolationFigures.quantile(latencies, 0.99) == .milliseconds(99))
        #expect(IsolationFigures.quantile(latencies, 1) == .milliseconds(100))
        #expect(IsolationFigures.quantile([], 0.5) == .zero)
    }

    @Test func whatStaysWithinTheBoundsIsNoFault() {
        let quiet = figures(.microseconds(100), outlier: .milliseconds(1))
        let loaded = figures(.microseconds(149), outlier: .microseconds(4_900))
        #expect(loaded.faults(against: quiet, .promised).isEmpty)
    }

    @Test func eachFigureBeyondItsBoundIsNamed() {
        let quiet = figures(.microseconds(100), outlier: .milliseconds(2))
        let slow = figures(.microseconds(151), outlier: .microseconds(6_100))
        let faults = slow.faults(against: quiet, .promised)
        #expect(faults.count == 6)
        #expect(faults.contains { $0.hasPrefix("put p50") } && faults.contains { $0.hasPrefix("propagation p99") })
    }
}

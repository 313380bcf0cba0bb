import CoreMetrics
import MeshCore

/// A metrics backend that remembers what it was told.
final class RecordingMetrics: MetricsFactory {
    /// One metric with its labels.
    struct Series: Hashable, Sendable {
        var name: String
        var labels: [String: String]
    }

    private struct State: Sendable {
        var counters: [Series: Int64] = [:]
        var gauges: [Series: Double] = [:]
        var calls = 0
    }

    private let state = Locked(State())

    /// The sums of all counters of each name.
    var counters: [String: Int64] { sums { $0.counters } }

    /// The last values of all gauges, those of one name added up.
    var gauges: [String: Double] { sums { $0.gauges } }

    /// Everything that was ever told of.
    var series: Set<Series> { state.withLock { Set($0.counters.keys).union($0.gauges.keys) } }

    /// How often a metric was told anything.
    var calls: Int { state.withLock { $0.calls } }

    private func sums<Number: AdditiveArithmetic & Sendable>(
        _ values: @Sendable (State) -> [Series: Number]
    ) -> [String: Number] {
        let all = state.withLock { values($0) }
        return all.reduce(into: [:]) { $0[$1.key.name, default: .zero] += $1.value }
    }

    private static func series(_ label: String, _ dimensions: [(String, String)]) -> Series {
        Series(name: label, labels: Dictionary(uniqueKeysWithValues: dimensions))
    }

    private final class Counted: CounterHandler {
        let owner: RecordingMetrics
        let series: Series

        init(_ owner: RecordingMetrics, _ series: Series) {
            self.owner = owner
            self.series = series
        }

        func increment(by amount: Int64) {
            owner.state.withLock {
                $0.counters[series, default: 0] += amount
                $0.calls += 1
            }
        }

        func reset() {
            owner.state.withLock { $0.counters[series] = 0 }
        }
    }

    private final class Recorded: RecorderHandler {
        let owner: RecordingMetrics
        let series: Series

        init(_ owner: RecordingMetrics, _ series: Series) {
            self.owner = owner
            self.series = series
        }

        func record(_ value: Int64) {
            record(Double(value))
        }

        func record(_ value: Double) {
            owner.state.withLock {
                $0.gauges[series] = value
                $0.calls += 1
            }
        }
    }

    private final class Ignored: TimerHandler {
        func recordNanoseconds(_ duration: Int64) {}
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Counted(self, Self.series(label, dimensions))
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Recorded(self, Self.series(label, dimensions))
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { Ignored() }

    func destroyCounter(_ handler: any CounterHandler) {}

    func destroyRecorder(_ handler: any RecorderHandler) {}

    func destroyTimer(_ handler: any TimerHandler) {}
}

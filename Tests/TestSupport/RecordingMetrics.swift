public import CoreMetrics
internal import MeshCore

/// A metrics backend that remembers what it was told.
public final class RecordingMetrics: MetricsFactory {
    /// One metric with its labels.
    public struct Series: Hashable, Sendable {
        public var name: String
        public var labels: [String: String]

        /// Names a metric.
        public init(name: String, labels: [String: String]) {
            self.name = name
            self.labels = labels
        }
    }

    private struct State: Sendable {
        var counters: [Series: Int64] = [:]
        var gauges: [Series: Double] = [:]
        var calls = 0
        var destroyed: Set<Series> = []
    }

    private let state = Locked(State())

    /// The sums of all counters of each name.
    public var counters: [String: Int64] { sums { $0.counters } }

    /// The last values of all gauges, those of one name added up.
    public var gauges: [String: Double] { sums { $0.gauges } }

    /// Everything that was ever told of.
    public var series: Set<Series> { state.withLock { Set($0.counters.keys).union($0.gauges.keys) } }

    /// Those of them that were not ended.
    public var alive: Set<Series> { series.subtracting(state.withLock { $0.destroyed }) }

    /// What a gauge was told last, or what a counter has come to; `nil` if it was told nothing.
    public func value(_ series: Series) -> Double? {
        state.withLock { $0.gauges[series] ?? $0.counters[series].map(Double.init) }
    }

    /// Remembers nothing yet.
    public init() {}

    /// How often a metric was told anything.
    public var calls: Int { state.withLock { $0.calls } }

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

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Counted(self, Self.series(label, dimensions))
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Recorded(self, Self.series(label, dimensions))
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { Ignored() }

    public func destroyCounter(_ handler: any CounterHandler) {
        guard let series = (handler as? Counted)?.series else { return }
        state.withLock { _ = $0.destroyed.insert(series) }
    }

    public func destroyRecorder(_ handler: any RecorderHandler) {
        guard let series = (handler as? Recorded)?.series else { return }
        state.withLock { _ = $0.destroyed.insert(series) }
    }

    public func destroyTimer(_ handler: any TimerHandler) {}
}

internal import CoreMetrics
internal import MeshCore

/// Tells a metrics backend how a server's watches are doing.
///
/// Nothing here is called per event or per message: streams count for themselves, and the server's clock brings what
/// they counted once in a while. Every metric has the labels of the server and no other, so that there are as many
/// series as servers, whatever clients do.
final class WatcherMetrics: Sendable {
    /// What was seen of a server at one moment.
    struct Reading: Hashable, Sendable {
        /// Open watch streams.
        var streams = 0
        /// Watches on them.
        var watches = 0
        /// What was sent since the reading before.
        var tally = WatchTally()
        /// By how many revisions the watch that is furthest behind is behind.
        var lagRevisions: Int64 = 0
        /// For how long it has been.
        var lag = Duration.zero
        /// The bytes of encoded pairs that history keeps.
        var historyBytes = 0
        /// The calls and streams that were refused since the server was made.
        var refusedCalls = 0
    }

    private struct State: Sendable {
        /// What streams had counted that have ended since the last reading.
        var ended = WatchTally()
        /// The refused calls that were told.
        var refusedCalls = 0
    }

    private let streams: Gauge
    private let watches: Gauge
    private let batches: Counter
    private let events: Counter
    private let bytes: Counter
    private let batchEvents: Gauge
    private let largestBatch: Gauge
    private let lagRevisions: Gauge
    private let lagSeconds: Gauge
    private let compacted: Counter
    private let historyBytes: Gauge
    private let refusedCalls: Counter
    private let state = Locked(State())

    /// Makes the metrics in a backend, each with these labels.
    init(factory: any MetricsFactory, labels: [(String, String)]) {
        func counter(_ name: String) -> Counter {
            Counter(label: "mesh_watcher_\(name)", dimensions: labels, factory: factory)
        }
        func gauge(_ name: String) -> Gauge {
            Gauge(label: "mesh_watcher_\(name)", dimensions: labels, factory: factory)
        }
        streams = gauge("streams")
        watches = gauge("watches")
        batches = counter("batches_total")
        events = counter("events_total")
        bytes = counter("event_bytes_total")
        batchEvents = gauge("batch_events")
        largestBatch = gauge("largest_batch_events")
        lagRevisions = gauge("lag_revisions")
        lagSeconds = gauge("lag_seconds")
        compacted = counter("compacted_watches_total")
        historyBytes = gauge("history_bytes")
        refusedCalls = counter("refused_calls_total")
    }

    /// A stream has ended with this not told yet.
    func ended(_ tally: WatchTally) {
        state.withLock { $0.ended.add(tally) }
    }

    /// Tells the backend what was seen.
    func flush(_ reading: Reading) {
        let (tally, refused) = state.withLock { state in
            var tally = state.ended.take()
            tally.add(reading.tally)
            defer { state.refusedCalls = reading.refusedCalls }
            return (tally, reading.refusedCalls - state.refusedCalls)
        }
        streams.record(reading.streams)
        watches.record(reading.watches)
        batches.increment(by: tally.batches)
        events.increment(by: tally.events)
        bytes.increment(by: tally.bytes)
        batchEvents.record(tally.batches == 0 ? 0 : Double(tally.events) / Double(tally.batches))
        largestBatch.record(tally.largestBatch)
        lagRevisions.record(reading.lagRevisions)
        lagSeconds.record(reading.lag / .seconds(1))
        compacted.increment(by: tally.compacted)
        historyBytes.record(reading.historyBytes)
        refusedCalls.increment(by: max(0, refused))
    }
}

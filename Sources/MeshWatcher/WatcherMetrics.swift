internal import CoreMetrics
internal import MeshCore
package import MeshRPC

/// Tells a metrics backend how a server's watches are doing.
///
/// Nothing here is called per event or per message: streams count for themselves, and the server's clock brings what
/// they counted once in a while. Every metric has the labels of the server and none that a client chooses, so that
/// there are as many series as servers, whatever clients do.
final class WatcherMetrics: Sendable {
    /// What was seen of a server at one moment.
    struct Reading: Hashable, Sendable {
        /// Open watch streams.
        var streams = 0
        /// Watches on them.
        var watches = 0
        /// What was sent since the reading before.
        var tally = WatchTally()
        /// The store's revision.
        var revision = Revision.none
        /// The first revision that a watch has not been sent and that has events for it; `nil` if there is none.
        var lackedFrom: Revision?
        /// For how long the store has had that one.
        var lag = Duration.zero
        /// The bytes of encoded pairs that history keeps.
        var historyBytes = 0
        /// What the server has refused since it was made.
        var refused = RefusedCalls()

        /// By how many revisions the watch that is furthest behind is behind.
        var lagRevisions: Int64 { lackedFrom.map { max(0, revision.rawValue - $0.rawValue + 1) } ?? 0 }

        /// Adds a stream with so many watches.
        mutating func add(watches: Int, tally: WatchTally, lackedFrom first: Revision?) {
            streams += 1
            self.watches += watches
            self.tally.add(tally)
            isLacked(from: first)
        }

        /// Somebody has not been sent what there is from `first` on.
        mutating func isLacked(from first: Revision?) {
            guard let first else { return }
            lackedFrom = min(lackedFrom ?? first, first)
        }
    }

    private struct State: Sendable {
        /// What streams had counted that have ended since the last reading.
        var ended = WatchTally()
        /// The refused calls that were told.
        var refused = RefusedCalls()
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
    private let refusedMethods: Counter
    private let refusedCertificates: Counter
    private let refusedByBounds: Counter
    private let state = Locked(State())

    /// Makes the metrics in a backend, each with these labels.
    init(factory: any MetricsFactory, labels: [(String, String)]) {
        func counter(_ name: String, _ more: [(String, String)] = []) -> Counter {
            Counter(label: "mesh_watcher_\(name)", dimensions: labels + more, factory: factory)
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
        refusedMethods = counter("refused_calls_total", [("why", "method")])
        refusedCertificates = counter("refused_calls_total", [("why", "certificate")])
        refusedByBounds = counter("refused_calls_total", [("why", "bound")])
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
            defer { state.refused = reading.refused }
            return (tally, reading.refused.since(state.refused))
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
        refusedMethods.increment(by: refused.methods)
        refusedCertificates.increment(by: refused.certificates)
        refusedByBounds.increment(by: refused.bounds)
    }
}

/// Calls and streams that a server has refused before anybody looked at what they say, by the reason.
package struct RefusedCalls: Hashable, Sendable {
    /// For a method that is unknown, or refused always.
    var methods = 0
    /// For the client's certificate, at the handshake or at the call.
    var certificates = 0
    /// For a bound, or because the server was shutting down.
    var bounds = 0

    /// None.
    init() {}

    /// What the transport has counted.
    package init(_ counters: RPCServerCounters) {
        methods = counters.refusedMethods
        certificates = counters.refusedCertificates + counters.refusedHandshakes
        bounds = counters.refusedByBounds
    }

    /// What has come since it was `earlier`.
    func since(_ earlier: RefusedCalls) -> RefusedCalls {
        var new = RefusedCalls()
        new.methods = max(0, methods - earlier.methods)
        new.certificates = max(0, certificates - earlier.certificates)
        new.bounds = max(0, bounds - earlier.bounds)
        return new
    }
}

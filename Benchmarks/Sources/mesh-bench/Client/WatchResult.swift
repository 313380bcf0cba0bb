internal import BenchmarkSupport

/// What many watches were sent.
struct WatchResult: Sendable {
    private(set) var events = 0
    private(set) var messages = 0
    private(set) var bytes = 0
    /// From the sending of the put to the receipt of the event.
    private(set) var latencies = LatencyHistogram()
    /// Events that should have come and did not.
    private(set) var lost: Int64 = 0
    /// Events that came again, or late.
    private(set) var disordered = 0
    /// Watches that were told that history is gone.
    private(set) var compacted = 0
    /// When the last event came.
    private(set) var lastEventAt: UInt64 = 0
    /// The first thing that a server should not do.
    private(set) var fault: String?
    private var meanLatencies: [Double] = []

    /// Adds a stream whose watches should have come as far as `number` says.
    mutating func add(_ stream: StreamTally, upTo number: (_ watch: Int) -> Int64) {
        events += stream.events
        messages += stream.messages
        bytes += stream.bytes
        latencies.merge(stream.latencies)
        lastEventAt = max(lastEventAt, stream.lastEventAt)
        fault = fault ?? stream.fault
        for (place, watch) in stream.watches.enumerated() {
            lost += watch.lost(upTo: number(place))
            disordered += watch.disordered
            if watch.isCompacted { compacted += 1 }
            if watch.received > 0 { meanLatencies.append(Double(watch.latency) / Double(watch.received)) }
        }
    }

    /// How many times the median watch's mean latency the slowest watch has; `nil` without events.
    var slowestWatch: Double? {
        let sorted = meanLatencies.sorted()
        guard let slowest = sorted.last, sorted[sorted.count / 2] > 0 else { return nil }
        return slowest / sorted[sorted.count / 2]
    }

    /// How many events a message brought.
    var eventsPerMessage: Double { messages > 0 ? Double(events) / Double(messages) : 0 }

    /// Whether everything came, once and in order.
    var isComplete: Bool { lost == 0 && disordered == 0 && compacted == 0 && fault == nil }
}

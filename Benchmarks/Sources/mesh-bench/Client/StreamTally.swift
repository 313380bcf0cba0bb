internal import BenchmarkSupport
internal import MeshCore

/// What one watch stream was sent, counted as it comes in.
struct StreamTally: Sendable {
    /// What the numbers are by which events of a watch follow one another.
    enum Numbers: Sendable {
        /// Revisions: the watch sees every change of the store.
        case revisions
        /// Versions: the watch sees one key.
        case versions
    }

    private let numbers: Numbers
    /// The place of a watch in `watches`, by its ID; -1 where there is none.
    private let places: [Int]

    /// The watches, in the order of their creation.
    private(set) var watches: [WatchTally]
    private(set) var events = 0
    private(set) var messages = 0
    private(set) var bytes = 0
    private(set) var latencies = LatencyHistogram()
    /// When the last event came.
    private(set) var lastEventAt: UInt64 = 0
    /// What a server should not do, for people; the first case of it.
    private(set) var fault: String?

    /// The tally of watches with these IDs, each with the number after which its events begin.
    ///
    /// - Precondition: The IDs are in 0…1,000,000.
    init(_ numbers: Numbers, watches created: [(id: Int64, after: Int64)]) {
        self.numbers = numbers
        let largest = created.map(\.id).max() ?? -1
        precondition(created.allSatisfy { $0.id >= 0 } && largest <= 1_000_000, "watch IDs up to \(largest)")
        var places = Array(repeating: -1, count: Int(largest) + 1)
        for (place, watch) in created.enumerated() { places[Int(watch.id)] = place }
        self.places = places
        watches = created.map { WatchTally(after: $0.after) }
    }

    /// A message came at `now`.
    mutating func received(_ message: Span<UInt8>, at now: UInt64) {
        messages += 1
        bytes += message.count
        let head = WatchMessageScanner.scan(message) { head, event in
            events += 1
            let latency = now > event.sentAt ? now - event.sentAt : 0
            latencies.record(latency)
            guard let place = place(of: head.watchID) else {
                fault = fault ?? "an event of the watch \(head.watchID), which there is not"
                return
            }
            watches[place].received(numbers == .revisions ? event.revision : event.version, after: latency)
            lastEventAt = now
        }
        guard let head else {
            fault = fault ?? "a message of \(message.count) bytes that is none"
            return
        }
        if head.isCanceled {
            if head.compactRevision > 0, let place = place(of: head.watchID) {
                watches[place].isCompacted = true
            } else {
                fault = fault ?? "the watch \(head.watchID) was cancelled"
            }
        }
    }

    /// The stream ended although nobody asked.
    mutating func ended(_ reason: String) {
        fault = fault ?? "a stream ended: \(reason)"
    }

    /// Begins to count anew.
    mutating func restart() {
        for place in watches.indices { watches[place].restart() }
        (events, messages, bytes, lastEventAt) = (0, 0, 0, 0)
        latencies = LatencyHistogram()
    }

    private func place(of watchID: Int64) -> Int? {
        guard watchID >= 0, watchID < places.count, places[Int(watchID)] >= 0 else { return nil }
        return places[Int(watchID)]
    }
}

/// What was sent on watch streams since somebody last looked: plain numbers, kept under a lock that is held anyway.
struct WatchTally: Hashable, Sendable {
    /// Messages with events.
    private(set) var batches = 0
    /// The events in them.
    private(set) var events = 0
    /// The encoded events' bytes.
    private(set) var bytes = 0
    /// The most events of one message.
    private(set) var largestBatch = 0
    /// Watches that were ended because their place was compacted.
    private(set) var compacted = 0

    /// A message with events goes out.
    mutating func sent(events: Int, bytes: Int) {
        batches += 1
        self.events += events
        self.bytes += bytes
        largestBatch = max(largestBatch, events)
    }

    /// A watch is told that its place is compacted.
    mutating func endedAsCompacted() {
        compacted += 1
    }

    /// Adds what another one counted.
    mutating func add(_ other: WatchTally) {
        batches += other.batches
        events += other.events
        bytes += other.bytes
        largestBatch = max(largestBatch, other.largestBatch)
        compacted += other.compacted
    }

    /// Gives what was counted and begins anew.
    mutating func take() -> WatchTally {
        defer { self = WatchTally() }
        return self
    }
}

/// What one watch was sent: whether it is in order and without a gap.
///
/// A watch of a prefix is sent every revision, if nothing else is written; a watch of one key every version of it. So
/// numbers that follow one another are enough to tell, whichever they are.
struct WatchTally: Hashable, Sendable {
    /// The number of the last event: its revision, or its key's version.
    private(set) var last: Int64
    /// How many events came.
    private(set) var received = 0
    /// How many numbers were skipped.
    private(set) var missing: Int64 = 0
    /// How many numbers were not greater than the one before.
    private(set) var disordered = 0
    /// The sum of the events' latencies, in nanoseconds.
    private(set) var latency: UInt64 = 0
    /// Whether the server ended the watch because history was gone.
    var isCompacted = false

    /// A watch that is to be sent what comes after a number.
    init(after last: Int64) {
        self.last = last
    }

    /// An event came.
    mutating func received(_ number: Int64, after nanoseconds: UInt64) {
        received += 1
        latency &+= nanoseconds
        if number > last {
            missing += number - last - 1
            last = number
        } else {
            disordered += 1
        }
    }

    /// How many events it should have been sent up to a number and was not; none if it was told that history is gone.
    func lost(upTo number: Int64) -> Int64 {
        isCompacted ? 0 : missing + max(0, number - last)
    }

    /// Begins to count anew, from where it is.
    mutating func restart() {
        self = WatchTally(after: last)
    }
}

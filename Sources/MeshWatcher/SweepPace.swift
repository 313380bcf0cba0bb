/// When a subscription may be swept again.
///
/// A message costs far more than the events in it, so that a busy subscription is cheaper, and serves more streams, if
/// its events go out a few at a time. What comes after a pause goes out at once.
///
/// The pace is a few times what the messages of a sweep cost, so that one stream is hardly paced at all; many streams
/// have that of the limits, and very many a longer one, in which others have their share of the thread.
package struct SweepPace: Hashable, Sendable {
    /// What one more stream adds to the pace, up to that of the limits: a few times what sending a message to it costs,
    /// so that less than half of a processor goes into sweeps of a subscription with few streams.
    static let perStream = Duration.microseconds(80)

    /// What one more watch on a stream adds: its messages share writes, and cost a tenth.
    static let perWatch = Duration.microseconds(7)

    /// What one more stream adds where that comes to more than the limits' pace: as long as sending to it takes, and
    /// half as much for others.
    static let perStreamOfMany = Duration.microseconds(32)

    /// The shortest pace: two writes to one stream that come closer together go out as one.
    static let shortest = Duration.microseconds(500)

    /// When the next sweep may begin, by the clock that ``swept(at:streams:watches:pace:maximum:)`` is told; a time that
    /// has passed means at once.
    package private(set) var earliest = Duration.zero

    /// The pace of a subscription that was never swept.
    package init() {}

    /// A sweep is over.
    ///
    /// - Parameters:
    ///   - began: when it began.
    ///   - streams: how many streams it was for.
    ///   - watches: how many watches these have.
    ///   - pace: the pace of many streams; zero: there is none.
    ///   - maximum: the longest pace, of very many.
    package mutating func swept(
        at began: Duration,
        streams: Int,
        watches: Int,
        pace: Duration,
        maximum: Duration
    ) {
        guard pace > .zero else {
            earliest = began
            return
        }
        let streams = min(streams, 1_000_000)
        let further = max(0, min(watches, 1_000_000) - streams)
        let usual = min(pace, max(Self.shortest, Self.perStream * streams + Self.perWatch * further))
        earliest = began + min(maximum, max(usual, Self.perStreamOfMany * streams))
    }
}

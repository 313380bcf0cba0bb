/// When a subscription may be swept again.
///
/// A message costs far more than the events in it, so that a busy subscription is cheaper, and serves more streams, if
/// its events go out a few at a time. What comes after a pause goes out at once.
///
/// The pace is what the streams cost that are sent something, up to the pace of the limits; and where a sweep has taken
/// longer than that, a time in which others have their share of the thread. So one stream is hardly paced at all.
package struct SweepPace: Hashable, Sendable {
    /// What one more stream adds to the pace: a few times what sending a message to it costs, so that less than half of
    /// a processor goes into sweeps of a subscription with few streams.
    static let perStream = Duration.microseconds(80)

    /// The pace in fifths of the time that a sweep takes: three fifths of it stay for others.
    static let fifthsOfSweep = 8

    /// When the next sweep may begin, by the clock that ``swept(from:to:streams:pace:maximum:)`` is told; a time that
    /// has passed means at once.
    package private(set) var earliest = Duration.zero

    /// The pace of a subscription that was never swept.
    package init() {}

    /// A sweep is over.
    ///
    /// - Parameters:
    ///   - streams: how many streams it was for.
    ///   - pace: the pace of many streams; zero: there is none, whatever a sweep takes.
    ///   - maximum: the longest pace, however long a sweep takes.
    package mutating func swept(
        from began: Duration,
        to ended: Duration,
        streams: Int,
        pace: Duration,
        maximum: Duration
    ) {
        guard pace > .zero else {
            earliest = began
            return
        }
        let usual = min(pace, Self.perStream * min(streams, 1_000_000))
        let long = (ended - began) * Self.fifthsOfSweep / 5
        earliest = began + min(maximum, max(usual, long))
    }
}

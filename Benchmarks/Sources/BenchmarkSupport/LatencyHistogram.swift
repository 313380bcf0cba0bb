/// How often which latency occurred, in 5 KiB however many there are.
///
/// A latency falls into one of 32 equal parts of the power of two that it lies in, so that what is read back is at most
/// 3 % off. Example: 1,000 ns lies in 512…1,023, whose parts are 16 ns wide, and is read back as 999.
public struct LatencyHistogram: Sendable {
    /// The longest latency that is told apart, in nanoseconds: 18 minutes. A longer one counts as this one.
    public static let longest: UInt64 = (1 << 40) - 1

    private static let partBits = 5
    private static let bucketCount = (40 - partBits + 1) << partBits

    private var counts: [UInt32]

    /// How many there are.
    public private(set) var count = 0

    /// The longest one, exactly; 0 if there is none.
    public private(set) var maximum: UInt64 = 0

    /// An empty histogram.
    public init() {
        counts = Array(repeating: 0, count: Self.bucketCount)
    }

    /// Adds `times` latencies of this many nanoseconds.
    public mutating func record(_ nanoseconds: UInt64, times: Int = 1) {
        counts[Self.bucket(of: nanoseconds)] &+= UInt32(truncatingIfNeeded: times)
        count += times
        if nanoseconds > maximum { maximum = nanoseconds }
    }

    /// Adds all latencies of another one.
    public mutating func merge(_ other: LatencyHistogram) {
        for bucket in counts.indices { counts[bucket] &+= other.counts[bucket] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The latency, in nanoseconds, that a share of all do not exceed (0.5 for the median); `nil` if there is none.
    public func quantile(_ share: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        guard rank < count else { return maximum }
        var seen = 0
        for (bucket, count) in counts.enumerated() {
            seen += Int(count)
            if seen >= rank { return min(Self.middle(of: bucket), maximum) }
        }
        return maximum
    }

    static func bucket(of nanoseconds: UInt64) -> Int {
        let value = min(nanoseconds, longest)
        let exponent = UInt64.bitWidth - value.leadingZeroBitCount - 1
        guard exponent > partBits else { return Int(value) }
        // The leading bit counts the powers of two, the five behind it the parts.
        let shift = exponent - partBits
        return (shift << partBits) + Int(value >> UInt64(shift))
    }

    /// What a bucket's latencies are read back as.
    private static func middle(of bucket: Int) -> UInt64 {
        guard bucket >= 2 << partBits else { return UInt64(bucket) }
        let shift = UInt64(bucket >> partBits) - 1
        let part = UInt64(bucket & ((1 << partBits) - 1)) + (1 << UInt64(partBits))
        return (part << shift) + (1 << shift) / 2
    }
}

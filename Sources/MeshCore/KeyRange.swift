/// A set of keys without a gap: one key, all keys with a prefix, or a half-open interval.
///
/// The same value stands for etcd's pair of `key` and `range_end`; ``init(key:rangeEnd:)`` and ``wireKey``,
/// ``wireRangeEnd`` translate its `\0` conventions.
public struct KeyRange: Hashable, Sendable {
    /// Where a range ends.
    public enum End: Hashable, Sendable {
        /// The range is the one key it starts with.
        case single
        /// The range ends before this key.
        case before(Key)
        /// The range has no end.
        case unbounded
    }

    /// The first key that can be in the range.
    public let lower: Key

    /// Where the range ends.
    public let end: End

    /// Makes a range from its first key and its end.
    public init(from lower: Key, to end: End) {
        self.lower = lower
        self.end = end
    }

    /// The range of one key.
    public static func key(_ key: Key) -> KeyRange { KeyRange(from: key, to: .single) }

    /// All keys that begin with `prefix`; an empty prefix means all keys.
    public static func prefix(_ prefix: Key) -> KeyRange {
        if prefix.isEmpty { return .all }
        guard let end = prefix.endOfPrefix else { return KeyRange(from: prefix, to: .unbounded) }
        return KeyRange(from: prefix, to: .before(end))
    }

    /// All keys.
    public static var all: KeyRange { KeyRange(from: Key([0]), to: .unbounded) }

    /// All keys from `lower` on.
    public static func from(_ lower: Key) -> KeyRange { KeyRange(from: lower, to: .unbounded) }

    /// The keys from `lower` up to, but not including, `upper`.
    public static func interval(_ lower: Key, _ upper: Key) -> KeyRange { KeyRange(from: lower, to: .before(upper)) }

    /// Whether no key can be in the range (its end does not come after its start).
    public var isEmpty: Bool {
        if case .before(let upper) = end { return !(lower < upper) }
        return false
    }

    /// Whether `key` is in the range.
    public func contains(_ key: Key) -> Bool { contains(key.bytes.span) }

    /// Whether the key with these bytes is in the range.
    public func contains(_ key: Span<UInt8>) -> Bool {
        switch end {
        case .single:
            return Bytes.compare(lower.bytes.span, key) == 0
        case .before(let upper):
            return Bytes.compare(lower.bytes.span, key) <= 0 && Bytes.compare(key, upper.bytes.span) < 0
        case .unbounded:
            return Bytes.compare(lower.bytes.span, key) <= 0
        }
    }

    /// Whether every key of `other` is in this range; true for an empty `other`.
    public func contains(_ other: KeyRange) -> Bool {
        if other.isEmpty { return true }
        guard lower <= other.lower else { return false }
        guard let upper = exclusiveEnd else { return true }
        guard let otherUpper = other.exclusiveEnd else { return false }
        return otherUpper <= upper
    }

    /// Whether some key is in both ranges.
    public func overlaps(_ other: KeyRange) -> Bool {
        if isEmpty || other.isEmpty { return false }
        if let upper = exclusiveEnd, upper <= other.lower { return false }
        if let otherUpper = other.exclusiveEnd, otherUpper <= lower { return false }
        return true
    }

    /// The key before which the range ends; `nil` if it has no end.
    public var exclusiveEnd: Key? {
        switch end {
        case .single: lower.successor
        case .before(let upper): upper
        case .unbounded: nil
        }
    }
}

// MARK: - etcd's convention

extension KeyRange {
    /// Makes the range that etcd's `key` and `range_end` mean.
    ///
    /// An empty `rangeEnd` is the one key, a single zero byte is "no end", anything else is the end of a half-open
    /// interval.
    public init(key: [UInt8], rangeEnd: [UInt8]) {
        let end: End =
            if rangeEnd.isEmpty { .single } else if rangeEnd == [0] { .unbounded } else { .before(Key(rangeEnd)) }
        self.init(from: Key(key), to: end)
    }

    /// The bytes for etcd's field `key`.
    public var wireKey: [UInt8] { wireForm.key }

    /// The bytes for etcd's field `range_end`.
    public var wireRangeEnd: [UInt8] { wireForm.rangeEnd }

    private var wireForm: (key: [UInt8], rangeEnd: [UInt8]) {
        switch end {
        case .single: (lower.bytes, [])
        case .unbounded: (lower.bytes, [0])
        case .before(let upper) where upper.bytes.isEmpty || upper.bytes == [0]:
            // As it is, this end would mean "the one key" or "no end", but no key comes before it.
            (max(lower.bytes.isEmpty ? Key([0]) : lower, Key([0, 0])).bytes, [0, 0])
        case .before(let upper): (lower.bytes, upper.bytes)
        }
    }
}

extension KeyRange: CustomStringConvertible {
    public var description: String {
        switch end {
        case .single: "\(lower)"
        case .unbounded: lower.bytes == [0] ? "*" : "[\(lower), ∞)"
        case .before(let upper): lower.endOfPrefix == upper ? "\(lower)*" : "[\(lower), \(upper))"
        }
    }
}

public import MeshCore

/// A set of keys made of ranges: overlapping and adjacent ranges are merged, so that a range that lies in two
/// neighbours together is found to lie in the set.
///
/// For example the union of `[a, b)`, `[b, d)` and `[c, e)` is kept as `[a, e)`.
public struct KeyRangeSet: Hashable, Sendable {
    /// The ranges in order: none is empty, and between two of them there is a key that is in none.
    public private(set) var ranges: [KeyRange]

    /// The set of the keys of all `ranges`.
    ///
    /// - Complexity: O(n log n) for n ranges.
    public init(_ ranges: some Sequence<KeyRange> = []) {
        self.ranges = Self.merge(ranges.filter { !$0.isEmpty })
    }

    /// Whether the set has no key.
    public var isEmpty: Bool { ranges.isEmpty }

    /// The keys that are in this set, in `other`, or in both.
    public func union(_ other: KeyRangeSet) -> KeyRangeSet {
        KeyRangeSet(ranges + other.ranges)
    }

    /// Whether every key of `range` is in the set.
    ///
    /// An empty `range` lies in every set but the empty one: who may read nothing is not told that a range is empty.
    ///
    /// - Complexity: O(log n) for n ranges.
    public func contains(_ range: KeyRange) -> Bool {
        guard let first = ranges.first else { return false }
        if range.isEmpty { return true }
        // The last range that starts at or before `range`: no other can hold its first key.
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].lower <= range.lower { low = middle + 1 } else { high = middle }
        }
        return (low == 0 ? first : ranges[low - 1]).contains(range)
    }

    /// Whether `key` is in the set.
    public func contains(_ key: Key) -> Bool { contains(.key(key)) }

    private static func merge(_ ranges: [KeyRange]) -> [KeyRange] {
        let sorted = ranges.sorted { $0.lower < $1.lower }
        guard let first = sorted.first else { return [] }
        var merged: [KeyRange] = []
        var lower = first.lower
        var end = first.exclusiveEnd
        for next in sorted.dropFirst() {
            guard let currentEnd = end else { break }  // Nothing lies behind a range without an end.
            if currentEnd < next.lower {
                merged.append(range(from: lower, to: currentEnd))
                lower = next.lower
                end = next.exclusiveEnd
            } else if let nextEnd = next.exclusiveEnd {
                end = max(currentEnd, nextEnd)
            } else {
                end = nil
            }
        }
        merged.append(range(from: lower, to: end))
        return merged
    }

    /// The one way in which the set writes a range down, so that equal sets are equal values.
    private static func range(from lower: Key, to end: Key?) -> KeyRange {
        guard let end else { return .from(lower) }
        return end == lower.successor ? .key(lower) : .interval(lower, end)
    }
}

extension KeyRangeSet: CustomStringConvertible {
    public var description: String {
        ranges.isEmpty ? "no keys" : ranges.map(\.description).joined(separator: ", ")
    }
}

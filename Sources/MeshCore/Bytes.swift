/// Comparing bytes without copying them.
public enum Bytes {
    /// Compares two runs of bytes in lexicographic order: negative, zero or positive.
    @inlinable
    public static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        let shared = min(left.count, right.count)
        var index = 0
        // Keys share long prefixes: eight bytes at a time. The load is checked against the span's bounds; what its name
        // warns of is types for which not every pattern of bits is a value.
        let leftBytes = left.bytes
        let rightBytes = right.bytes
        while shared - index >= 8 {
            let a = leftBytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let b = rightBytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            if a != b { return a.bigEndian < b.bigEndian ? -1 : 1 }
            index += 8
        }
        while index < shared {
            let a = left[index]
            let b = right[index]
            if a != b { return a < b ? -1 : 1 }
            index += 1
        }
        return left.count - right.count
    }

    /// Whether `left` comes before `right` in lexicographic order.
    @inlinable
    public static func isLess(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        compare(left, right) < 0
    }
}

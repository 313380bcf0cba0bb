/// Protobuf's variable-length integers (https://protobuf.dev/programming-guides/encoding).
public enum Varint {
    /// The most bytes a 64-bit integer takes.
    public static let maximumLength = 10

    /// The number of bytes that `value` takes.
    @inlinable
    public static func length(_ value: UInt64) -> Int {
        // Seven bits a byte; zero takes one byte.
        (70 - max(value, 1).leadingZeroBitCount) / 7
    }

    /// Appends `value` to `bytes`.
    @inlinable
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Reads an integer at `position` and moves `position` behind it; `nil` if it is cut off or too long.
    @inlinable
    public static func read(_ bytes: Span<UInt8>, _ position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { return nil }
        }
        return nil
    }
}

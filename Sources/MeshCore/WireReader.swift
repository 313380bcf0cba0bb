/// Bytes that are not what protobuf's encoding allows.
public struct WireFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public var message: String

    /// Makes an error that says what is wrong.
    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}

/// Walks over the fields of one encoded protobuf message without copying or unpacking anything.
///
/// Groups, which proto3 does not have, are refused.
public struct WireReader: Sendable {
    /// What a field holds.
    public enum Content: Hashable, Sendable {
        /// A varint.
        case number(UInt64)
        /// Eight bytes, little-endian.
        case fixed64(UInt64)
        /// Four bytes, little-endian.
        case fixed32(UInt32)
        /// The place of a length-delimited field's bytes in the slice given to the reader (in its own indices).
        case bytes(Range<Int>)
    }

    /// One field of a message.
    public struct Field: Hashable, Sendable {
        /// The field's number.
        public var number: UInt64
        /// What it holds.
        public var content: Content
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Starts at the first field of `bytes`.
    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = 0
    }

    /// The next field; `nil` at the end.
    ///
    /// - Throws: ``WireFormatError`` if the rest is not a field.
    public mutating func next() throws(WireFormatError) -> Field? {
        // A copy of the reference, so that the span does not borrow `self`.
        let bytes = bytes
        let span = bytes.span
        guard position < span.count else { return nil }
        guard let tag = Varint.read(span, &position) else { throw WireFormatError("a tag is cut off") }
        let number = tag >> 3
        guard number != 0, number < 1 << 29 else { throw WireFormatError("field number \(number) is out of range") }
        let content: Content
        switch tag & 7 {
        case 0:
            guard let value = Varint.read(span, &position) else { throw WireFormatError("a number is cut off") }
            content = .number(value)
        case 1:
            content = .fixed64(try fixed(8))
        case 2:
            guard let count = Varint.read(span, &position), count <= UInt64(span.count - position) else {
                throw WireFormatError("a field is longer than its message")
            }
            let start = bytes.startIndex + position
            position += Int(count)
            content = .bytes(start..<(start + Int(count)))
        case 5:
            content = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
        default:
            throw WireFormatError("wire type \(tag & 7) is not known")
        }
        return Field(number: number, content: content)
    }

    private mutating func fixed(_ count: Int) throws(WireFormatError) -> UInt64 {
        guard bytes.count - position >= count else { throw WireFormatError("a fixed-size number is cut off") }
        var value: UInt64 = 0
        for offset in 0..<count {
            value |= UInt64(bytes[bytes.startIndex + position + offset]) << UInt64(8 * offset)
        }
        position += count
        return value
    }
}

internal import MeshCore

/// Writes the head of a message in place, without an allocation: the many messages of a round differ in little else.
struct WatchHeadWriter {
    /// A head without a text: the header of four numbers of at most eleven bytes, two more such numbers, three flags.
    private var bytes = InlineArray<80, UInt8>(repeating: 0)
    private var count = 0

    /// Writes a head whose `cancelReason` is empty.
    init(_ head: WatchResponseHead) {
        let header = head.header
        // The header's length is one byte, as it is below 128, and stands before it once it is known.
        append(1 << 3 | 2)
        append(0)
        number(1, header.clusterID)
        number(2, header.memberID)
        number(3, UInt64(bitPattern: header.revision.rawValue))
        number(4, header.raftTerm)
        bytes[1] = UInt8(count - 2)
        number(2, UInt64(bitPattern: head.watchID))
        number(3, head.created ? 1 : 0)
        number(4, head.canceled ? 1 : 0)
        number(5, UInt64(bitPattern: head.compactRevision.rawValue))
        number(7, head.fragment ? 1 : 0)
    }

    /// Calls `body` with what was written.
    func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(bytes.span.extracting(first: count))
    }

    private mutating func number(_ field: UInt8, _ value: UInt64) {
        if value == 0 { return }
        append(field << 3)
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }
}

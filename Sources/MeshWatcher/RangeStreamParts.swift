package import MeshCore
internal import MeshWire

/// Divides the answer to a Range into the messages of a RangeStream.
///
/// As in etcd since 3.7, the last message alone has the header, `more` and `count`: all of them merged are the answer
/// to the same Range. For example pairs of 500, 600 and 700 bytes in parts of 1,000 bytes are sent as 500, 600, and
/// 700 with the rest; a pair that is larger than a part goes alone.
package struct RangeStreamParts: Sendable {
    private let header: ResponseHeader
    private let answer: RangeAnswer
    private let partBytes: Int
    /// The first pair that has not been sent; `nil` once everything has been.
    private var next: Int? = 0

    /// Divides `answer` into parts of at most `partBytes` bytes of pairs, but at least one pair.
    package init(_ header: ResponseHeader, _ answer: RangeAnswer, partBytes: Int) {
        self.header = header
        self.answer = answer
        self.partBytes = partBytes
    }

    /// The encoded next message; `nil` after the last one.
    package mutating func popFirst() -> [UInt8]? {
        guard let start = next else { return nil }
        let pairs = answer.pairs
        var end = start
        var bytes = 0
        while end < pairs.count, end == start || bytes + pairs[end].encoded.count <= partBytes {
            bytes += pairs[end].encoded.count
            end += 1
        }
        guard end == pairs.count else {
            next = end
            return RangeCodec.encodeStreamPart(pairs[start..<end])
        }
        next = nil
        var last = answer
        last.pairs = Array(pairs[start...])
        return RangeCodec.encodeLastStreamPart(header, last)
    }
}

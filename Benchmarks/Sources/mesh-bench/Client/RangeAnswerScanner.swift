internal import MeshCore

/// What a client that lists has to know of a page, read without taking the pairs apart.
struct RangeAnswerScanner: Hashable, Sendable {
    /// How many pairs the page has.
    private(set) var pairs = 0
    /// Whether the server says that there are more.
    private(set) var hasMore = false
    /// How many keys the whole range has.
    private(set) var count: Int64 = 0
    /// The revision in the header.
    private(set) var revision: Revision = .none
    /// The key of the last pair; `nil` without pairs.
    private(set) var lastKey: Key?

    /// Reads a RangeResponse.
    ///
    /// - Throws: `WireFormatError` if the bytes are none.
    init(_ answer: [UInt8]) throws(WireFormatError) {
        var last: Range<Int>?
        var reader = WireReader(answer[...])
        while let field = try reader.next() {
            switch (field.number, field.content) {
            case (1, .bytes(let range)): revision = try Self.revision(answer[range])
            case (2, .bytes(let range)):
                pairs += 1
                last = range
            case (3, .number(let number)): hasMore = number != 0
            case (4, .number(let number)): count = Int64(truncatingIfNeeded: number)
            default: continue
            }
        }
        if let last { lastKey = try Self.key(answer[last]) }
    }

    private static func revision(_ header: ArraySlice<UInt8>) throws(WireFormatError) -> Revision {
        var reader = WireReader(header)
        while let field = try reader.next() {
            if field.number == 3, case .number(let number) = field.content {
                return Revision(Int64(truncatingIfNeeded: number))
            }
        }
        return .none
    }

    private static func key(_ pair: ArraySlice<UInt8>) throws(WireFormatError) -> Key? {
        var reader = WireReader(pair)
        while let field = try reader.next() {
            if field.number == 1, case .bytes(let range) = field.content { return Key(pair[range]) }
        }
        return nil
    }
}

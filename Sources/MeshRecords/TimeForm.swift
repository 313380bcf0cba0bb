/// A time as Go's `time.Time` is written, RFC 3339, for example `2026-01-01T00:00:00Z`: its text, once it is one.
///
/// The text is kept, because nothing here counts with times, and what is read must be written as it was.
struct TimeForm: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        text = try container.decode(String.self)
        guard Self.isTime(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text.prefix(40))' is no time of RFC 3339, like 2026-01-01T00:00:00Z"
            )
        }
    }

    /// Whether a text is a time of RFC 3339 as Go reads one: `T` and `Z` in upper case, no leap second.
    static func isTime(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        /// Takes as many digits as there are in the greatest number that may stand here.
        func takes(_ range: ClosedRange<Int>) -> Bool {
            let digits = rest.prefix(String(range.upperBound).utf8.count)
            guard digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return false }
            rest = rest.dropFirst(digits.count)
            return Int(String(decoding: digits, as: UTF8.self)).map(range.contains) ?? false
        }
        func takes(_ character: Unicode.Scalar) -> Bool { rest.popFirst() == UInt8(ascii: character) }

        guard takes(0...9999), takes("-"), takes(1...12), takes("-"), takes(1...31), takes("T"), takes(0...23),
            takes(":"), takes(0...59), takes(":"), takes(0...59)
        else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix { $0 &- UInt8(ascii: "0") < 10 }
            rest = rest.dropFirst(fraction.count)
            guard !fraction.isEmpty else { return false }
        }
        switch rest.popFirst() {
        case UInt8(ascii: "Z"): break
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard takes(0...24), takes(":"), takes(0...59) else { return false }
        default: return false
        }
        return rest.isEmpty
    }
}

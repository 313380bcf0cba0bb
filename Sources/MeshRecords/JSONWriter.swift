/// Writes JSON byte for byte as Go's `encoding/json` does: no space, fields in the order in which they are given,
/// maps in the byte order of their keys, `/` as it is, and `<`, `>`, `&`, U+2028, U+2029 escaped.
struct JSONWriter {
    /// What has been written.
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// A writer that has written nothing.
    init() {}

    /// Writes an object; `body` writes its fields.
    mutating func object(_ body: (inout JSONWriter) -> Void) {
        enclose("{", "}", body)
    }

    /// Writes an array; `body` writes its elements.
    mutating func array(_ body: (inout JSONWriter) -> Void) {
        enclose("[", "]", body)
    }

    /// Writes a field's name; its value must follow.
    mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a field with a text.
    mutating func field(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    /// Writes a field with a number.
    mutating func field(_ name: String, _ value: some UnsignedInteger) {
        self.name(name)
        raw("\(value)")
    }

    /// Writes a field with a boolean.
    mutating func field(_ name: String, _ value: Bool) {
        self.name(name)
        raw(value ? "true" : "false")
    }

    /// Writes a field with `null`.
    mutating func nullField(_ name: String) {
        self.name(name)
        raw("null")
    }

    /// Writes a field with a map; `value` writes the value of one key.
    mutating func map<Value>(
        _ name: String,
        _ map: [String: Value],
        _ value: (inout JSONWriter, Value) -> Void
    ) {
        self.name(name)
        object { writer in
            for (key, entry) in map.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                writer.name(key)
                value(&writer, entry)
            }
        }
    }

    /// Writes a field with a map of texts.
    mutating func map(_ name: String, _ map: [String: String]) {
        self.map(name, map) { $0.string($1) }
    }

    /// Writes a text as a value.
    mutating func string(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        // Two bytes of history show the end of U+2028 and U+2029 (E2 80 A8, E2 80 A9).
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0A: append("\\n")
            case 0x0C: append("\\f")
            case 0x0D: append("\\r")
            case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                append("\\u00")
                bytes.append(Self.hexadecimal[Int(byte >> 4)])
                bytes.append(Self.hexadecimal[Int(byte & 0xF)])
            case 0xA8 where bytes.suffix(2).elementsEqual([0xE2, 0x80]):
                bytes.removeLast(2)
                append("\\u2028")
            case 0xA9 where bytes.suffix(2).elementsEqual([0xE2, 0x80]):
                bytes.removeLast(2)
                append("\\u2029")
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a value that is already JSON.
    mutating func raw(_ json: String) {
        separate()
        append(json)
        needsComma = true
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    private mutating func enclose(_ opening: String, _ closing: String, _ body: (inout JSONWriter) -> Void) {
        separate()
        append(opening)
        needsComma = false
        body(&self)
        append(closing)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}

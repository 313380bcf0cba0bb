public import MeshCore

/// One line of a file of state: `{"key":"cilium/state/…","value":"…"}`.
///
/// The value is a text that holds exactly the bytes to store: what is JSON there stands escaped in it.
public struct StateLine: Hashable, Sendable {
    /// The key to write.
    public var key: Key
    /// The bytes to write.
    public var value: [UInt8]

    /// A line that is not as it must be, and why.
    public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong.
        public var message: String

        public var description: String { message }
    }

    /// Makes a line.
    public init(key: Key, value: [UInt8]) {
        self.key = key
        self.value = value
    }

    /// Reads a line, without its line break.
    ///
    /// - Throws: ``ParseError``; who calls knows the file and the line's number, and adds them.
    public init(parsing line: some StringProtocol) throws(ParseError) {
        let form: Form
        do {
            form = try RecordJSON.decode(Form.self, Array(line.utf8))
        } catch {
            throw ParseError(message: error.message)
        }
        guard let key = form.key, !key.isEmpty else { throw ParseError(message: "the line has no 'key'") }
        guard let value = form.value else { throw ParseError(message: "the line has no 'value'") }
        self.init(key: Key(key), value: Array(value.utf8))
    }

    private struct Form: Decodable {
        var key: String?
        var value: String?
    }

    /// The line as text, with the value as a text.
    public func encoded() -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("key", key.description)
            writer.field("value", String(decoding: value, as: UTF8.self))
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

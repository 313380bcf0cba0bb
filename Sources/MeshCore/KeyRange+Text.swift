/// A text that names no range of keys, and why.
public struct KeyRangeTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}

extension KeyRange {
    /// Reads the form in which people write ranges: `*` is all keys, `prefix*` all keys with a prefix, anything else the
    /// one key that it says.
    ///
    /// `description` writes such ranges the same way. A key with a `*` in it, and an interval, have no such form.
    ///
    /// - Throws: ``KeyRangeTextError`` if the text is empty, or has a `*` anywhere but at its end.
    public init(parsing text: String) throws(KeyRangeTextError) {
        guard !text.isEmpty else {
            throw KeyRangeTextError(message: "a range of keys is empty: write a key, a prefix with * behind it, or *")
        }
        let name = text.hasSuffix("*") ? text.dropLast() : text[...]
        guard !name.utf8.contains(UInt8(ascii: "*")) else {
            throw KeyRangeTextError(message: "'\(text.prefix(80))': a * can only stand at the end of a range of keys")
        }
        let key = Key(Array(name.utf8))
        self = text.hasSuffix("*") ? .prefix(key) : .key(key)
    }
}

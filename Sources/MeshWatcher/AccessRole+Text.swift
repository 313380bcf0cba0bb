internal import MeshCore

/// A text that describes no role, and why.
public struct AccessTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}

extension AccessRole.Match: CustomStringConvertible {
    /// Reads `cn:NAME`, `dns:NAME` or `uri:URI`: a certificate's common name, one of its DNS names or one of its URIs is
    /// exactly that; with a `*` at the end (`cn:bench*`), it begins with what stands before.
    ///
    /// ``remoteCluster`` has no text: `cn:remote*` is every name that begins with `remote`.
    ///
    /// - Throws: ``AccessTextError`` if the text is not of this form or has no name; a `*` may only stand at its end.
    public init(parsing text: String) throws(AccessTextError) {
        let shown = text.prefix(80)
        guard let colon = text.firstIndex(of: ":"), let field = Field(rawValue: String(text[..<colon])) else {
            throw AccessTextError(
                message: "'\(shown)' does not say whom it matches: write cn:NAME, dns:NAME or uri:URI"
            )
        }
        let pattern = text[text.index(after: colon)...]
        guard !pattern.isEmpty else {
            throw AccessTextError(message: "'\(shown)' has no name behind \(field.rawValue):")
        }
        let isPrefix = pattern.hasSuffix("*")
        let name = isPrefix ? pattern.dropLast() : pattern
        guard !name.utf8.contains(UInt8(ascii: "*")) else {
            throw AccessTextError(message: "'\(shown)': a * can only stand at the end of a name")
        }
        self.init(rule: isPrefix ? .prefix(field, String(name)) : .name(field, String(name)))
    }

    public var description: String {
        switch rule {
        case .name(let field, let name): "\(field.rawValue):\(name)"
        case .prefix(let field, let prefix): "\(field.rawValue):\(prefix)*"
        case .remoteCluster: "cn:remote or cn:remote-<cluster>"
        }
    }
}

extension AccessRole: CustomStringConvertible {
    /// Reads `MATCH=RANGE`, divided at the first `=`: who, as ``Match/init(parsing:)`` says, and which keys, as
    /// `KeyRange(parsing:)` says. For example `cn:bench=*` lets `bench` read everything.
    ///
    /// A name with a `=` in it cannot be written so. Several ranges are several roles of the same match.
    ///
    /// - Throws: ``AccessTextError`` that says which half is wrong.
    public init(parsing text: String) throws(AccessTextError) {
        guard let equals = text.firstIndex(of: "=") else {
            throw AccessTextError(
                message: "'\(text.prefix(80))' has no '=': write who may read, '=' and what, for example cn:bench=*"
            )
        }
        let match = try Match(parsing: String(text[..<equals]))
        do {
            self.init(match, mayRead: [try KeyRange(parsing: String(text[text.index(after: equals)...]))])
        } catch {
            throw AccessTextError(message: "'\(text.prefix(80))': \(error.message)")
        }
    }

    public var description: String { "\(match) reads \(readable)" }
}

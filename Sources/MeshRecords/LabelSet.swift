/// One label of an identity: a key and a value, and who gave it.
public struct Label: Hashable, Sendable {
    /// Who gave the label, for example `k8s` or `reserved`.
    public var source: String
    /// The key.
    public var key: String
    /// The value; may be empty.
    public var value: String

    /// Makes a label.
    public init(source: String = "k8s", key: String, value: String) {
        self.source = source
        self.key = key
        self.value = value
    }
}

extension Label: CustomStringConvertible {
    /// For example `k8s:app=cart`.
    public var description: String { "\(source):\(key)=\(value)" }
}

/// The labels of an identity: at most one for each key, in the byte order of their keys.
public struct LabelSet: Hashable, Sendable {
    /// The labels, sorted by key.
    public let labels: [Label]

    /// Makes a set; of labels with the same key the last one counts, as in Cilium.
    public init(_ labels: some Sequence<Label>) {
        var byKey: [[UInt8]: Label] = [:]
        for label in labels { byKey[Array(label.key.utf8)] = label }
        self.labels = byKey.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// Reads `source:key=value;source:key=value;…`. Values are not escaped, so that none holds a `;`.
    ///
    /// A label without source is of source `unspec`, one without `=` has an empty value, empty pieces are skipped.
    public init(parsing text: some StringProtocol) {
        self.init(
            text.split(separator: ";").map { piece in
                let colon = piece.firstIndex(of: ":")
                let rest = colon.map { piece[piece.index(after: $0)...] } ?? piece[...]
                let equals = rest.firstIndex(of: "=")
                return Label(
                    source: colon.map { String(piece[..<$0]) }.flatMap { $0.isEmpty ? nil : $0 } ?? "unspec",
                    key: String(rest[..<(equals ?? rest.endIndex)]),
                    value: equals.map { String(rest[rest.index(after: $0)...]) } ?? ""
                )
            }
        )
    }

    /// The label with this key.
    public subscript(key: String) -> Label? {
        labels.first { $0.key == key }
    }
}

extension LabelSet: ExpressibleByArrayLiteral, CustomStringConvertible {
    public init(arrayLiteral labels: Label...) {
        self.init(labels)
    }

    /// The text that is stored: each label followed by `;`.
    public var description: String {
        labels.map { "\($0);" }.joined()
    }
}

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
        self.init(inAnyOrder: Array(labels))
    }

    private init(inAnyOrder labels: [Label]) {
        func areInOrder(_ left: Label, _ right: Label) -> Bool {
            left.key.utf8.lexicographicallyPrecedes(right.key.utf8)
        }
        // Who writes them writes them in order.
        if zip(labels, labels.dropFirst()).allSatisfy(areInOrder) {
            self.labels = labels
            return
        }
        var sorted: [Label] = []
        // The sort is stable: of labels with one key, the last one is the last to come.
        for label in labels.sorted(by: areInOrder) {
            if let last = sorted.last, !areInOrder(last, label) { sorted.removeLast() }
            sorted.append(label)
        }
        self.labels = sorted
    }

    /// Reads `source:key=value;source:key=value;…`. Values are not escaped, so that none holds a `;`.
    ///
    /// A label without source is of source `unspec`, one without `=` has an empty value, empty pieces are skipped.
    public init(parsing text: some StringProtocol) {
        var labels: [Label] = []
        for piece in text.utf8.split(separator: UInt8(ascii: ";")) {
            let colon = piece.firstIndex(of: UInt8(ascii: ":"))
            let source = colon.map { Self.text(piece[..<$0]) } ?? ""
            let rest = colon.map { piece[piece.index(after: $0)...] } ?? piece[...]
            let equals = rest.firstIndex(of: UInt8(ascii: "="))
            labels.append(
                Label(
                    source: source.isEmpty ? "unspec" : source,
                    key: Self.text(rest[..<(equals ?? rest.endIndex)]),
                    value: equals.map { Self.text(rest[rest.index(after: $0)...]) } ?? ""
                )
            )
        }
        self.init(inAnyOrder: labels)
    }

    private static func text(_ utf8: some Collection<UInt8>) -> String { String(decoding: utf8, as: UTF8.self) }

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

public import MeshRecords

/// A choice among sets of labels, in Kubernetes' notation: requirements with commas between them, all of which must
/// hold.
///
/// | Requirement | Holds for a set |
/// | --- | --- |
/// | `app=cart`, `app==cart` | with this value |
/// | `app!=cart` | with another value, or without the label |
/// | `app in (cart, shop)` | with one of these values |
/// | `app notin (cart, shop)` | with another value, or without the label |
/// | `app`, `!app` | with the label; without it |
///
/// A key with a source, `k8s:app`, asks for a label of that source; without (or with `any:`) the source does not matter.
public struct LabelSelector: Hashable, Sendable {
    /// A text that is no selector, and why.
    public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong, with the requirement.
        public var message: String

        public var description: String { message }
    }

    private struct Requirement: Hashable, Sendable {
        var source: String?
        var key: String
        /// The values that the label may have; `nil`: any.
        var values: Set<String>?
        /// Whether the set must not have such a label.
        var isNegative: Bool

        func holds(for labels: LabelSet) -> Bool {
            guard let label = labels[key], source == nil || source == label.source else { return isNegative }
            return (values?.contains(label.value) ?? true) != isNegative
        }
    }

    private var requirements: [Requirement] = []

    /// Reads a selector; the empty text chooses everything.
    ///
    /// - Throws: ``ParseError`` that names the requirement.
    public init(parsing text: some StringProtocol) throws(ParseError) {
        guard !Self.trimmed(text[...]).isEmpty else { return }
        for piece in Self.pieces(String(text)) { requirements.append(try Self.requirement(Self.trimmed(piece))) }
    }

    /// Whether the selector chooses this set.
    public func matches(_ labels: LabelSet) -> Bool {
        requirements.allSatisfy { $0.holds(for: labels) }
    }

    /// Whether a requirement is about the label that says whose identity it is (`io.cilium.k8s.policy.cluster`).
    public var namesCluster: Bool {
        requirements.contains { requirement in
            requirement.key == IdentityRecord.clusterLabel && (requirement.source ?? "k8s") == "k8s"
        }
    }

    /// Keys with the one value that a chosen set must have for them.
    var demandedLabels: [(key: String, value: String)] {
        requirements.compactMap { requirement in
            guard !requirement.isNegative, let values = requirement.values, values.count == 1 else { return nil }
            return values.first.map { (requirement.key, $0) }
        }
    }

    /// Cuts at the commas outside of parentheses.
    private static func pieces(_ text: String) -> [Substring] {
        var pieces: [Substring] = []
        var start = text.startIndex
        var isInside = false
        for index in text.indices {
            switch text[index] {
            case "(": isInside = true
            case ")": isInside = false
            case "," where !isInside:
                pieces.append(text[start..<index])
                start = text.index(after: index)
            default: continue
            }
        }
        return pieces + [text[start...]]
    }

    private static func requirement(_ text: Substring) throws(ParseError) -> Requirement {
        if text.first == "!" {
            return try make(text, key: text.dropFirst(), values: nil, isNegative: true)
        }
        if let list = text.firstIndex(of: "("), text.last == ")" {
            let words = text[..<list].split(separator: " ")
            guard words.count == 2, words[1] == "in" || words[1] == "notin" else {
                throw ParseError(message: "'\(text)': expected 'in' or 'notin' before '('")
            }
            let values = text[text.index(after: list)...].dropLast()
                .split(separator: ",", omittingEmptySubsequences: false)
                .map { String(trimmed($0)) }
            return try make(text, key: words[0], values: Set(values), isNegative: words[1] == "notin")
        }
        guard let equals = text.firstIndex(of: "=") else {
            return try make(text, key: text, values: nil, isNegative: false)
        }
        let isNegative = text[..<equals].last == "!"
        let value = text[text.index(after: equals)...]
        return try make(
            text,
            key: isNegative ? text[..<equals].dropLast() : text[..<equals],
            values: [String(trimmed(!isNegative && value.first == "=" ? value.dropFirst() : value))],
            isNegative: isNegative
        )
    }

    private static func make(
        _ text: Substring,
        key: Substring,
        values: Set<String>?,
        isNegative: Bool
    ) throws(ParseError) -> Requirement {
        let parts = trimmed(key).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.last, !name.isEmpty, parts.first?.isEmpty == false, !name.contains(where: isReserved)
        else { throw ParseError(message: "'\(text)': expected a label's key") }
        guard values?.allSatisfy({ !$0.contains(where: isReserved) }) ?? true else {
            throw ParseError(message: "'\(text)': a value holds none of ' ()!=,'")
        }
        let source = parts.count == 2 && parts[0] != "any" ? String(parts[0]) : nil
        return Requirement(source: source, key: String(name), values: values, isNegative: isNegative)
    }

    private static func isReserved(_ character: Character) -> Bool { " ()!=,".contains(character) }

    private static func trimmed(_ text: some StringProtocol) -> Substring {
        var text = Substring(text)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

internal import Yams

/// A text that is no YAML mapping, and where.
struct YAMLFault: Error, Hashable {
    var message: String
    var line: Int?
    var key: String?
}

/// The keys and values of a YAML text that is a mapping, each key once, with their lines.
struct YAMLMapping {
    struct Entry {
        var key: String
        /// The key's line, counted from 1.
        var line: Int
        var value: Node
    }

    /// In the order of the text.
    var entries: [Entry] = []

    /// Reads a text; one without any content is a mapping without keys.
    init(parsing text: String) throws(YAMLFault) {
        let document: Node?
        do {
            document = try compose(yaml: text)
        } catch {
            throw Self.fault(error, text)
        }
        guard let document, document.scalar?.string != "" else { return }
        guard let mapping = document.mapping else {
            throw YAMLFault(message: "expected lines of 'key: value'", line: document.mark?.line ?? 1)
        }
        for (name, value) in mapping {
            let line = name.mark?.line ?? 1
            guard let key = name.scalar?.string else { throw YAMLFault(message: "a key must be a word", line: line) }
            entries.append(Entry(key: key, line: line, value: value))
        }
    }

    private static func fault(_ error: any Error, _ text: String) -> YAMLFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return YAMLFault(message: "this is not YAML: \(problem)", line: mark.line)
        case .reader(let problem, _, _, _):
            return YAMLFault(message: "this is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            // The library tells the first of them; the one too many is the last.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let line = lines.lastIndex { $0.hasPrefix(key + ":") }.map { $0 + 1 }
            return YAMLFault(message: "it is set twice; keep one of them", line: line ?? context.mark.line, key: key)
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil:
            return YAMLFault(message: "this is not YAML: \(error)")
        }
    }
}

extension Node {
    /// The text of a scalar that says something; `nil` for `null`, for no text, and for what is no scalar.
    var text: String? {
        guard let text = scalar?.string, !text.isEmpty, null == nil else { return nil }
        return text
    }

    /// The entries of a list; `nil` for what is none.
    var list: [Node]? { sequence.map { Array($0) } }
}

/// The word that was probably meant: at most two letters added, left out or exchanged.
func nearestWord(to word: String, among words: [String]) -> String? {
    let nearest = words.map { (word: $0, distance: letterDistance(word, $0)) }.min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= 2, nearest.distance < word.utf8.count else { return nil }
    return nearest.word
}

private func letterDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8.prefix(64)), Array(right.utf8))
    var row = Array(0...right.count)
    for (index, byte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let replaced = diagonal + (right[column] == byte ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[right.count]
}

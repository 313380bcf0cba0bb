internal import Yams

extension ServeSettings {
    /// The largest configuration file that is read: 256 KiB.
    public static let maximumFileBytes = 256 << 10

    /// The most values of one setting: 256.
    public static let maximumValues = 256

    /// Reads a configuration file: a YAML mapping with the names of ``ServeKey`` as its keys, a text or a list of texts
    /// behind each.
    ///
    /// - Throws: ``ServeConfigurationError`` that names the file and, where there is one, the line and the key.
    public init(readingFile path: String) throws(ServeConfigurationError) {
        let text: String
        do {
            text = try PlainFile.text(of: path, atMost: Self.maximumFileBytes)
        } catch {
            throw ServeConfigurationError(error.message, key: nil, place: nil, file: path)
        }
        try self.init(yaml: text, file: path)
    }

    /// Reads the text of a configuration file.
    ///
    /// - Parameter file: The file's path, for errors and as the place beside which relative paths are meant.
    /// - Throws: ``ServeConfigurationError`` that names the file and, where there is one, the line and the key.
    init(yaml text: String, file: String) throws(ServeConfigurationError) {
        self.init(file: file)
        let document: Node?
        do {
            document = try compose(yaml: text)
        } catch {
            throw Self.fault(error, text, file)
        }
        // A file of comments alone sets nothing.
        guard let document, document.scalar?.string != "" else { return }
        guard let mapping = document.mapping else {
            throw ServeConfigurationError(
                "expected lines of 'key: value'", key: nil, place: .line(document.mark?.line ?? 1, file: file))
        }
        for (name, node) in mapping {
            let line = name.mark?.line ?? 1
            guard let word = name.scalar?.string else {
                throw ServeConfigurationError("a key must be a word", key: nil, place: .line(line, file: file))
            }
            guard let key = ServeKey(rawValue: word) else {
                let hint = Self.nearest(to: word).map { "; did you mean '\($0)'?" } ?? ""
                throw ServeConfigurationError(
                    "there is no such setting" + hint, key: word, place: .line(line, file: file))
            }
            set(key, try Self.values(of: node, for: key, line: line, file: file))
        }
    }

    private static func values(
        of node: Node, for key: ServeKey, line: Int, file: String
    ) throws(ServeConfigurationError) -> [Value] {
        func refuse(_ message: String, at node: Node?) -> ServeConfigurationError {
            ServeConfigurationError(
                message, key: key.rawValue, place: .line(node?.mark?.line ?? line, file: file))
        }
        func value(_ node: Node) throws(ServeConfigurationError) -> Value {
            guard let scalar = node.scalar else {
                throw refuse(key.isList ? "expected texts" : "expected one text", at: node)
            }
            guard !scalar.string.isEmpty, node.null == nil else { throw refuse("there is no value", at: node) }
            let line = scalar.mark?.line ?? line
            return Value(
                text: key.isPath ? beside(file, scalar.string) : scalar.string, place: .line(line, file: file))
        }
        switch node {
        case .scalar: return [try value(node)]
        case .sequence(let sequence):
            guard key.isList else { throw refuse("expected one text, not a list", at: nil) }
            guard !sequence.isEmpty else { throw refuse("the list is empty; remove the key", at: nil) }
            guard sequence.count <= maximumValues else {
                throw refuse("the list has \(sequence.count) entries; at most \(maximumValues) are possible", at: nil)
            }
            var values: [Value] = []
            for node in sequence { values.append(try value(node)) }
            return values
        case .mapping, .alias:
            throw refuse(key.isList ? "expected a text or a list of texts" : "expected one text", at: nil)
        }
    }

    /// A relative path is meant to stand beside the file.
    private static func beside(_ file: String, _ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }

    private static func fault(_ error: any Error, _ text: String, _ file: String) -> ServeConfigurationError {
        func fault(_ message: String, _ line: Int?, key: String? = nil) -> ServeConfigurationError {
            ServeConfigurationError(message, key: key, place: line.map { .line($0, file: file) }, file: file)
        }
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return fault("this is not YAML: \(problem)", mark.line)
        case .reader(let problem, _, _, _):
            return fault("this is not YAML: \(problem)", nil)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            // The library tells the first of them; the one too many is the last.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let line = lines.lastIndex { $0.hasPrefix(key + ":") }.map { $0 + 1 }
            return fault("it is set twice; keep one of them", line ?? context.mark.line, key: key)
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil:
            return fault("this is not YAML: \(error)", nil)
        }
    }

    /// The setting that was probably meant: at most two letters added, left out or exchanged.
    private static func nearest(to word: String) -> ServeKey? {
        let nearest = ServeKey.allCases.map { (key: $0, distance: distance(word, $0.rawValue)) }
            .min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= 2, nearest.distance < word.utf8.count else { return nil }
        return nearest.key
    }

    private static func distance(_ left: String, _ right: String) -> Int {
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
}

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
        let mapping: YAMLMapping
        do {
            mapping = try YAMLMapping(parsing: text)
        } catch {
            throw ServeConfigurationError(
                error.message, key: error.key, place: error.line.map { .line($0, file: file) }, file: file)
        }
        for entry in mapping.entries {
            guard let key = ServeKey(rawValue: entry.key) else {
                let hint = nearestWord(to: entry.key, among: ServeKey.allCases.map(\.rawValue))
                throw ServeConfigurationError(
                    "there is no such setting" + (hint.map { "; did you mean '\($0)'?" } ?? ""), key: entry.key,
                    place: .line(entry.line, file: file))
            }
            set(key, try Self.values(of: entry.value, for: key, line: entry.line, file: file))
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
                text: key.isPath ? path(scalar.string, beside: file) : scalar.string, place: .line(line, file: file))
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
}

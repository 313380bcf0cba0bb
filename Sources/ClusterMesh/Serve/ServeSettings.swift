/// What was set for `clustermesh serve`, as text, and where each text stands: on the command line, or in a line of a
/// file. ``ServeConfiguration`` reads it, and can so name the place of what it does not understand.
public struct ServeSettings: Hashable, Sendable {
    /// Where a text stands.
    public enum Place: Hashable, Sendable {
        /// Behind the flag of this name.
        case flag
        /// In this line, counted from 1, of this file.
        case line(Int, file: String)
    }

    /// A text and its place.
    public struct Value: Hashable, Sendable {
        /// The text.
        public var text: String
        /// Where it stands.
        public var place: Place
    }

    /// The configuration file that was read, if there was one.
    public private(set) var file: String?

    private var values: [ServeKey: [Value]] = [:]

    /// Nothing is set.
    public init(file: String? = nil) {
        self.file = file
    }

    /// The values of a setting; empty if it is not set.
    public subscript(key: ServeKey) -> [Value] { values[key] ?? [] }

    /// Sets a setting as a flag does; an empty list sets nothing.
    public mutating func setFlag(_ key: ServeKey, _ texts: [String]) {
        guard !texts.isEmpty else { return }
        values[key] = texts.map { Value(text: $0, place: .flag) }
    }

    mutating func set(_ key: ServeKey, _ newValues: [Value]) {
        values[key] = newValues
    }

    /// These settings, and those of `other` that are not among them: a flag wins over the file, a list as a whole.
    public func over(_ other: ServeSettings) -> ServeSettings {
        var merged = other
        merged.file = other.file ?? file
        merged.values.merge(values) { _, mine in mine }
        return merged
    }

    /// The keys whose texts differ between these settings and `other`, wherever they stand, in the order of
    /// ``ServeKey``.
    func differences(to other: ServeSettings) -> [ServeKey] {
        ServeKey.allCases.filter { self[$0].map(\.text) != other[$0].map(\.text) }
    }
}

/// A configuration of `clustermesh serve` that cannot work: what is wrong, and where it stands.
public struct ServeConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String
    /// The setting's name, as it stands there; `nil` where none is meant.
    public var key: String?
    /// Where it stands; `nil` for what is missing.
    public var place: ServeSettings.Place?
    /// The configuration file, where one was read.
    public var file: String?

    init(_ message: String, key: String?, place: ServeSettings.Place?, file: String? = nil) {
        self.message = message
        self.key = key
        self.place = place
        self.file = file
    }

    init(_ message: String, _ key: ServeKey, _ value: ServeSettings.Value) {
        self.init(message, key: key.rawValue, place: value.place)
    }

    /// `mesh.yaml:3: listen: …` for what stands in a file, `--listen: …` for a flag.
    public var description: String {
        switch place {
        case .flag: "--\(key ?? ""): \(message)"
        case .line(let line, let file): "\(file):\(line): \(key.map { "\($0): " } ?? "")\(message)"
        case nil: "\(file.map { "\($0): " } ?? "")\(key.map { "\($0): " } ?? "")\(message)"
        }
    }
}

internal import MeshCore
public import MeshRecords

/// A directory of state files that cannot be read, and why.
public struct StateDirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public var message: String
    /// The file or directory.
    public var file: String
    /// The line, counted from 1; `nil` where the whole file is meant.
    public var line: Int?

    public var description: String {
        line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
    }
}

/// State in files: every `*.jsonl` of one directory, one `{"key":…,"value":…}` a line, in order of the files' names.
///
/// Empty lines and hidden files are skipped. A key may stand once in the whole directory.
public struct StateDirectory: Sendable {
    /// The largest file that is read: 64 MiB.
    public static let maximumFileBytes = 64 << 20

    /// The directory.
    public let path: String

    /// The directory at `path`; nothing is read yet.
    public init(_ path: String) {
        self.path = path
    }

    /// Reads all its files.
    ///
    /// - Throws: ``StateDirectoryError`` that names file and line; nothing is read half.
    public func load() throws(StateDirectoryError) -> [StateLine] {
        var lines: [StateLine] = []
        var places: [Key: String] = [:]
        for name in try names() {
            let file = path + "/" + name
            for (number, line) in try text(of: file).split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated()
            {
                guard !line.allSatisfy(\.isWhitespace) else { continue }
                let parsed: StateLine
                do {
                    parsed = try StateLine(parsing: line)
                } catch {
                    throw StateDirectoryError(message: error.message, file: file, line: number + 1)
                }
                if let place = places.updateValue("\(file):\(number + 1)", forKey: parsed.key) {
                    throw StateDirectoryError(
                        message: "key '\(parsed.key)' stands already at \(place)",
                        file: file,
                        line: number + 1
                    )
                }
                lines.append(parsed)
            }
        }
        return lines
    }

    /// What a ``FileObserver`` looks at to notice that the state changed.
    public var observed: ObservedFile { .directory(path, suffix: Self.suffix) }

    private static let suffix = ".jsonl"

    private func names() throws(StateDirectoryError) -> [String] {
        do {
            return try PlainFile.names(in: path, endingIn: Self.suffix)
        } catch {
            throw StateDirectoryError(message: "the directory cannot be read: \(error.message)", file: path)
        }
    }

    private func text(of file: String) throws(StateDirectoryError) -> String {
        do {
            return try PlainFile.text(of: file, atMost: Self.maximumFileBytes)
        } catch {
            throw StateDirectoryError(message: error.message, file: file)
        }
    }
}

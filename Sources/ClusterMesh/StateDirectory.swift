internal import MeshCore
public import MeshRecords

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

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
/// Empty lines are skipped. A key may stand once in the whole directory.
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
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw StateDirectoryError(message: "the directory cannot be read: \(reason(error))", file: path)
        }
        var lines: [StateLine] = []
        var places: [Key: String] = [:]
        for name in names.sorted() where name.hasSuffix(".jsonl") {
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

    private func text(of file: String) throws(StateDirectoryError) -> String {
        let data: Data
        do {
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
            guard size <= Self.maximumFileBytes else {
                throw StateDirectoryError(
                    message: "the file has \(size) bytes; at most \(Self.maximumFileBytes) are read", file: file)
            }
            data = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch let error as StateDirectoryError {
            throw error
        } catch {
            throw StateDirectoryError(message: "the file cannot be read: \(reason(error))", file: file)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw StateDirectoryError(message: "the file is not UTF-8", file: file)
        }
        return text
    }

    private func reason(_ error: any Error) -> String {
        (error as? CocoaError)?.code == .fileReadNoSuchFile ? "it does not exist" : "\(error)"
    }
}

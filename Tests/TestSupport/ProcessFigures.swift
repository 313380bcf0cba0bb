internal import Foundation

/// What the kernel says of this process.
public enum ProcessFigures {
    /// Whether the memory of the process is its own: a sanitizer keeps books beside it, larger than what is measured.
    public static var isMemoryItsOwn: Bool { ProcessInfo.processInfo.environment["MESH_SANITIZED"] == nil }

    /// The number of its threads.
    public static var threads: Int { get throws { try number("Threads:") } }

    /// The memory it has in RAM, in KiB.
    public static var residentKiB: Int { get throws { try number("VmRSS:") } }

    /// The number of its open file descriptors.
    public static var descriptors: Int {
        get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    }

    private struct MissingFigureError: Error {
        var name: String
    }

    private static func number(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        for line in status.split(separator: "\n") where line.hasPrefix(name) {
            if let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) {
                return number
            }
        }
        throw MissingFigureError(name: name)
    }
}

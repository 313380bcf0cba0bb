internal import Foundation

/// An etcd binary, and what it knows.
struct EtcdProgram: Hashable, Sendable {
    let path: String
    /// For example `3.5.30`.
    let version: String
    /// Whether gRPC can have a port of its own. Without one, its TLS goes through Go's net/http and costs several times
    /// as much.
    let hasPortForGRPC: Bool
    /// Whether it can leave out waiting for the disk.
    let canSkipSync: Bool

    /// Asks the binary at `path`; `nil` if there is none that answers.
    init?(path: String) {
        guard access(path, X_OK) == 0, let text = Self.output(path, "--version"), let help = Self.output(path, "--help")
        else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("etcd Version:") }
        guard let version = line?.split(separator: " ").last else { return nil }
        self.path = path
        self.version = String(version)
        hasPortForGRPC = help.contains("--listen-client-http-urls")
        canSkipSync = help.contains("--unsafe-no-fsync")
    }

    /// What `make bench` is told, or else the newest of those on `PATH`.
    static func newest() throws -> EtcdProgram {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["ETCD"], !path.isEmpty {
            guard let program = EtcdProgram(path: path) else { throw BenchmarkError("ETCD=\(path) is no etcd") }
            return program
        }
        let newest = onPath(environment).max {
            numbers(of: $0.version).lexicographicallyPrecedes(numbers(of: $1.version))
        }
        guard let newest else {
            throw BenchmarkError("there is no etcd: name one with ETCD=<path>, or run .ci/install")
        }
        return newest
    }

    /// The one that the system installed.
    static func installed() -> EtcdProgram? { onPath(ProcessInfo.processInfo.environment).first }

    private static func onPath(_ environment: [String: String]) -> [EtcdProgram] {
        environment["PATH", default: "/usr/bin:/bin"].split(separator: ":").compactMap {
            EtcdProgram(path: "\($0)/etcd")
        }
    }

    static func numbers(of version: String) -> [Int] {
        version.split { !$0.isNumber }.compactMap { Int($0) }
    }

    private static func output(_ path: String, _ argument: String) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = [argument]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        guard (try? process.run()) != nil else { return nil }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}

import Foundation
import MeshCore
import TestSupport
import Testing

/// A running `clustermesh serve`, killed with the last reference to it.
final class ServeProcess: Sendable {
    /// What the ready line says.
    struct Ready: Decodable {
        var event: String
        var name: String
        var id: Int
        var endpoint: String
        var localEndpoint: String?
        var cacheEndpoint: String?
    }

    /// It ended before it was ready, and what it said.
    struct NotReady: Error, CustomStringConvertible {
        var description: String
    }

    let process: ChildProcess
    let ready: Ready

    /// Starts it with `arguments` and `--json`, and waits for its ready line.
    ///
    /// - Throws: What it said, if it ends before.
    static func start(_ arguments: [String], in directory: TemporaryDirectory) async throws -> ServeProcess {
        let process = try launch(arguments + ["--json"], in: directory)
        var line = ""
        try await eventually("the ready line of serve \(arguments)") {
            line = try process.output
            return line.hasSuffix("\n") || process.poll() != nil
        }
        guard let ready = try? JSONDecoder().decode(Ready.self, from: Data(line.utf8)) else {
            throw NotReady(description: "serve is not ready: \(line) \(try process.errorOutput)")
        }
        return ServeProcess(process, ready)
    }

    /// Starts it and waits for nothing.
    static func launch(_ arguments: [String], in directory: TemporaryDirectory) throws -> ChildProcess {
        try ChildProcess(
            try Executable.ownDirectory + "/clustermesh", ["serve"] + arguments, workingDirectory: directory.path)
    }

    private init(_ process: ChildProcess, _ ready: Ready) {
        self.process = process
        self.ready = ready
    }

    /// What it has logged so far.
    var log: String { get throws { try process.errorOutput } }

    /// Waits until it has logged `text`.
    func waitUntilLogged(_ text: String, times: Int = 1) async throws {
        try await eventually("'\(text)' in the log") {
            try self.log.components(separatedBy: text).count > times
        }
    }

    /// etcd's client of the endpoint, with a certificate of this common name.
    func etcdctl(as name: String) throws -> Etcdctl {
        try Etcdctl(endpoints: ready.endpoint, credentials: TestCertificates.client(name))
    }

    /// Asks it to stop, and waits until it has.
    func stop(_ signal: Int32 = SIGTERM) async throws -> ChildProcess.Exit {
        process.signal(signal)
        return try await process.waitForExit(within: .seconds(30))
    }
}

/// A directory with what a cluster called athens is served from.
struct ServedDirectory {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try writeCertificate(TestCertificates.server("athens"))
    }

    /// Writes the server's certificate and key, as an operator does: the key to be read by its owner only.
    func writeCertificate(_ credentials: TLSCredentials) throws {
        let files = try credentials.write(to: directory, as: "server")
        try #require(chmod(files.key, 0o600) == 0)
    }

    /// The flags of the required settings; the port is a free one.
    var required: [String] {
        [
            "--name", "athens", "--id", "1", "--listen", "127.0.0.1:0", "--cert", "server.crt", "--key", "server.key",
            "--ca", "server-ca.crt",
        ]
    }

    /// Writes a configuration file with the required settings and `lines`.
    func writeConfiguration(_ lines: String) throws {
        try directory.write(
            """
            name: athens
            id: 1
            listen: 127.0.0.1:0
            cert: server.crt
            key: server.key
            ca: server-ca.crt
            \(lines)

            """, to: "mesh.yaml")
    }

    /// Writes a state file of pairs; the file appears at once, as whoever replaces state well does it.
    func writeState(_ pairs: KeyValuePairs<String, String>, to name: String = "state/a.jsonl") throws {
        let lines = try pairs.map { key, value in
            String(decoding: try JSONEncoder().encode(["key": key, "value": value]), as: UTF8.self)
        }
        try directory.write(lines.joined(separator: "\n"), to: name + ".draft")
        try #require(rename(directory.file(name + ".draft"), directory.file(name)) == 0)
    }

    func start(_ arguments: String...) async throws -> ServeProcess {
        try await ServeProcess.start(required + arguments, in: directory)
    }

    /// Runs it until it ends by itself.
    func fail(_ arguments: [String]) async throws -> (exit: ChildProcess.Exit, error: String) {
        let process = try ServeProcess.launch(arguments, in: directory)
        let exit = try await process.waitForExit(within: .seconds(30))
        return (exit, try process.errorOutput)
    }
}

import Foundation
import MeshCore
import MeshLocalAPI
import MeshStore
import TestSupport
import Testing

/// Clients that have nothing in common with etcd's own but the protocol, from PyPI. `make test-long` installs them.
@Suite(.enabled(if: PythonClients.directory != nil, "MESH_TEST_PYTHON does not say where Python's clients are"))
struct PythonClientTests {
    @Test(.timeLimit(.minutes(3)), arguments: ["etcd3", "aetcd"])
    func aPythonClientReadsAndWatches(_ client: String) async throws {
        try await withLocalServer { store, server in
            try store.put("p/a", "1")
            try store.put("p/a", "2")
            try store.put("p/b", "1")
            guard case .tcp(let host, let port) = server.address else { return }
            let directory = try TemporaryDirectory()
            defer { withExtendedLifetime(directory) {} }
            let process = try PythonClients.start(client, host: host, port: port, files: directory)
            try await eventually(within: .seconds(60), "\(client) watches") {
                try process.output.contains("watching") || process.poll() != nil
            }
            try store.put("p/c", "1")
            try store.transaction {
                $0.put("p/a", "3")
                $0.delete("p/b")
            }
            try store.put("other", "unseen")
            try store.put("p/end", "")
            try store.delete(.key("p/end"))
            let exit = try await process.waitForExit(within: .seconds(60))
            let errors = try process.errorOutput
            #expect(exit == .code(0), "\(errors)")
            let lines = try process.output.split(separator: "\n").map(String.init)
            #expect(lines == Self.expected)
        }
    }

    private static let expected: [String] = [
        #"{"get": ["2", 2, 3, 2], "major": "3", "missing": null, "prefix": [["p/a", "2"], ["p/b", "1"]]}"#,
        #"{"watching": true}"#,
        #"{"event": ["put", "p/c", "1", ""]}"#,
        #"{"event": ["put", "p/a", "3", "2"]}"#,
        #"{"event": ["delete", "p/b", "", "1"]}"#,
        #"{"event": ["put", "p/end", "", ""]}"#,
        #"{"event": ["delete", "p/end", "", ""]}"#,
    ]
}

/// Where Python's etcd clients are, and how to run them.
private enum PythonClients {
    static let directory = ProcessInfo.processInfo.environment["MESH_TEST_PYTHON"]

    /// Starts the script of a client, in that client's own environment; its certificate is written to `files`.
    static func start(_ client: String, host: String, port: Int, files: TemporaryDirectory) throws -> ChildProcess {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let script = tests.appending(path: "PythonClients/\(client)_reader.py").path
        let files = try TestCertificates.client("admin-athens").write(to: files, as: client)
        return try ChildProcess(
            "\(try #require(directory))/\(client)/bin/python",
            [script, host, "\(port)", files.roots, files.certificate, files.key]
        )
    }
}

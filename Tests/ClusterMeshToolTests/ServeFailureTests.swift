import Foundation
import MeshCore
import TestSupport
import Testing

/// What is said, and how it ends, when `clustermesh serve` cannot start.
@Suite struct ServeFailureTests {
    private let served: ServedDirectory

    init() throws {
        served = try ServedDirectory()
    }

    @Test(arguments: [
        (["--name", "athens"], "Error: --id is missing; give it as a flag, or in a file with --config\n"),
        (["--name", "A"], "Error: --name: cluster name 'A' may hold only"),
        (["--name", "athens", "--id", "1000"], "Error: --id: cluster ID 1000 is not in 1…255\n"),
        (["--config", "none.yaml"], "Error: none.yaml: it does not exist\n"),
    ])
    func aWrongFlagIsNamed(_ arguments: [String], _ message: String) async throws {
        let (exit, error) = try await served.fail(arguments)
        #expect(exit == .code(64))
        #expect(error.hasPrefix(message), "\(error)")
    }

    @Test func followingAndBeingWrittenToExcludeEachOther() async throws {
        let (exit, error) = try await served.fail(
            served.required + ["--follow", "https://etcd:2379", "--local-listen", "127.0.0.1:0"])
        #expect(exit == .code(64))
        #expect(error.hasPrefix("Error: --local-listen: this cannot stand beside 'follow'"), "\(error)")
    }

    @Test(arguments: [
        ("lsten: 127.0.0.1:0", "Error: mesh.yaml:7: lsten: there is no such setting; did you mean 'listen'?\n"),
        ("state: [a, b]", "Error: mesh.yaml:7: state: expected one text, not a list\n"),
        ("read:\n  - cn:a=*\n  - nobody", "Error: mesh.yaml:9: read: "),
        ("name: again", "Error: mesh.yaml:7: name: it is set twice; keep one of them\n"),
        ("read: [cn:a=*", "Error: mesh.yaml:"),
    ])
    func aFaultOfTheFileIsNamedWithFileLineAndKey(_ lines: String, _ message: String) async throws {
        try served.writeConfiguration(lines)
        let (exit, error) = try await served.fail(["--config", "mesh.yaml"])
        #expect(exit == .code(64))
        #expect(error.hasPrefix(message), "\(error)")
    }

    @Test func anUnknownFlagIsRefusedWithTheUsage() async throws {
        let (exit, error) = try await served.fail(["--lsten", "127.0.0.1:0"])
        #expect(exit == .code(64))
        #expect(error.contains("--lsten"))
        #expect(error.contains("Usage: clustermesh serve"))
    }

    @Test func aMissingCertificateIsNamed() async throws {
        try FileManager.default.removeItem(atPath: served.directory.file("server.crt"))
        let (exit, error) = try await served.fail(served.required)
        #expect(exit == .code(1))
        #expect(error.contains("server.crt: there is no such file"), "\(error)")
    }

    @Test func anotherCertificatesKeyIsNamed() async throws {
        try served.directory.write(TestCertificates.server("athens").privateKey, to: "server.key")
        let (exit, error) = try await served.fail(served.required)
        #expect(exit == .code(1))
        #expect(error.contains("server.key: this is not the private key of server.crt"), "\(error)")
    }

    @Test func aTakenPortIsNamed() async throws {
        let first = try await served.start()
        let port = try #require(first.ready.endpoint.split(separator: ":").last)
        let (exit, error) = try await served.fail(served.required + ["--listen", "127.0.0.1:\(port)"])
        #expect(exit == .code(1))
        #expect(error.contains("127.0.0.1:\(port)"), "\(error)")
    }

    @Test func aBrokenLineOfStateIsNamedWithItsFile() async throws {
        try served.directory.write(#"{"key":"a","value":"1"}"# + "\nnonsense\n", to: "state/a.jsonl")
        let (exit, error) = try await served.fail(served.required + ["--state", "state"])
        #expect(exit == .code(1))
        #expect(error.contains("state/a.jsonl:2: "), "\(error)")
    }

    @Test func aMissingStateDirectoryIsNamed() async throws {
        let (exit, error) = try await served.fail(served.required + ["--state", "state"])
        #expect(exit == .code(1))
        #expect(error.contains("state: the directory cannot be read: it does not exist"), "\(error)")
    }
}

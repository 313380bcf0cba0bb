import MeshCore
import MeshRPC
import TestSupport
import Testing

/// Which versions of TLS a server speaks, as the `openssl` command sees it.
@Suite(.enabled(if: OpenSSLTool.isInstalled), .timeLimit(.minutes(2))) struct MeshRPCTLSVersionTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// What the tool says of a handshake with a good certificate.
    private func handshake(_ version: String, with port: Int) async throws -> OpenSSLTool.Result {
        let files = try TestCertificates.client().write(to: directory, as: "client")
        return try await OpenSSLTool.run(
            // At the level 0 the tool itself speaks any version.
            "s_client", "-connect", "127.0.0.1:\(port)", "-alpn", "h2", version,
            "-cipher", "DEFAULT:@SECLEVEL=0", "-cert", files.certificate, "-key", files.key, "-CAfile", files.roots,
            in: directory
        )
    }

    @Test(arguments: [("-tls1_2", "New, TLSv1.2"), ("-tls1_3", "New, TLSv1.3")])
    func presentVersionsAreSpoken(option: String, expected: String) async throws {
        try await Fixture.with(.echo) { fixture in
            let result = try await handshake(option, with: fixture.port)
            #expect(result.succeeded, "\(result.errorOutput)")
            #expect(result.output.contains(expected), "\(result.output)")
            #expect(result.output.contains("Verify return code: 0"))
        }
    }

    @Test(arguments: ["-tls1_1", "-tls1"])
    func olderVersionsAreNotSpoken(option: String) async throws {
        try await Fixture.with(.echo) { fixture in
            let result = try await handshake(option, with: fixture.port)
            #expect(!result.succeeded)
            #expect(result.output.contains("New, (NONE)"), "\(result.output)")
            // The server closes the connection; it is not that the tool would not.
            #expect(result.errorOutput.contains("unexpected eof"), "\(result.errorOutput)")
        }
    }

    /// Without this, the tool could be the one that speaks no older version.
    @Test(arguments: ["-tls1_1", "-tls1"])
    func theToolSpeaksOlderVersionsWithWhoDoes(option: String) async throws {
        let files = try TestCertificates.server().write(to: directory, as: "server")
        let port = try FreePort.find()[0]
        let server = try ChildProcess(
            try Executable.find("openssl"),
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", files.certificate, "-key", files.key, "-www",
                "-cipher", "DEFAULT:@SECLEVEL=0",
            ],
            workingDirectory: directory.path
        )
        defer { server.kill() }
        try await eventually("a handshake of the tool with itself") {
            let result = try await handshake(option, with: port)
            return result.succeeded && result.output.contains("New, TLSv1.0")
                && result.output.contains(option == "-tls1" ? "Protocol  : TLSv1\n" : "Protocol  : TLSv1.1\n")
        }
    }
}

import Foundation
import TestSupport
import Testing

@Suite struct CertsCommandTests {
    private let tool: Tool

    init() throws {
        tool = try Tool()
    }

    private func files() throws -> [String] {
        let all = FileManager.default.enumerator(atPath: tool.directory.path)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".crt") || $0.hasSuffix(".key") }.sorted()
    }

    @Test func aMeshOfTwoClustersIsSetUpWithFourCommands() async throws {
        let ca = try await tool.run("certs", "ca", "--cluster", "athens", "--out", "athens")
        #expect(ca.exitCode == 0, "\(ca.errorOutput)")
        #expect(
            ca.output == """
                athens/ca.crt  CN=athens mesh CA, valid until <time>
                athens/ca.key  its private key

                """
        )
        let server = try await tool.run(
            "certs", "server", "--cluster", "athens", "--out", "athens", "--dns", "mesh.athens.example", "--ip",
            "10.0.0.1"
        )
        #expect(server.exitCode == 0, "\(server.errorOutput)")
        let names =
            "DNS:athens.mesh.cilium.io, DNS:localhost, DNS:mesh.athens.example, IP:127.0.0.1, IP:::1, IP:10.0.0.1"
        #expect(
            server.output == """
                athens/server.crt  CN=athens.mesh.cilium.io (\(names)), valid until <time>
                athens/server.key  its private key

                """
        )
        let second = try await tool.run("certs", "server", "--cluster", "hurup", "--ca", "athens", "--out", "hurup")
        #expect(second.exitCode == 0, "\(second.errorOutput)")
        #expect(
            second.output == """
                hurup/ca.crt      the authority, inherited from athens
                hurup/server.crt  CN=hurup.mesh.cilium.io (DNS:hurup.mesh.cilium.io, DNS:localhost, IP:127.0.0.1, \
                IP:::1), valid until <time>
                hurup/server.key  its private key

                """
        )
        let client = try await tool.run("certs", "client", "--cluster", "hurup", "--ca", "athens", "--out", "hurup")
        #expect(client.exitCode == 0, "\(client.errorOutput)")
        #expect(
            client.output == """
                hurup/clients/remote-hurup.crt  CN=remote-hurup, valid until <time>
                hurup/clients/remote-hurup.key  its private key

                """
        )
        #expect(
            try files() == [
                "athens/ca.crt", "athens/ca.key", "athens/server.crt", "athens/server.key", "hurup/ca.crt",
                "hurup/clients/remote-hurup.crt", "hurup/clients/remote-hurup.key", "hurup/server.crt",
                "hurup/server.key",
            ]
        )
        for file in try files() where file.hasSuffix(".key") {
            let attributes = try FileManager.default.attributesOfItem(atPath: tool.directory.file(file))
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test(.enabled(if: OpenSSLTool.isInstalled)) func whatItMakesSatisfiesOpenssl() async throws {
        _ = try await tool.run("certs", "ca", "--cluster", "athens", "--out", "athens")
        _ = try await tool.run("certs", "server", "--cluster", "hurup", "--ca", "athens", "--out", "hurup")
        _ = try await tool.run(
            "certs", "client", "--cluster", "hurup", "--cn", "ops", "--days", "1", "--ca", "athens", "--out", "hurup"
        )
        for (purpose, file) in [("sslserver", "hurup/server.crt"), ("sslclient", "hurup/clients/ops.crt")] {
            let verified = try await OpenSSLTool.run(
                "verify", "-x509_strict", "-CAfile", "hurup/ca.crt", "-purpose", purpose, file, in: tool.directory
            )
            #expect(verified.succeeded, "\(verified.errorOutput)")
        }
        let text = try await OpenSSLTool.run(
            "x509", "-in", "hurup/clients/ops.crt", "-noout", "-subject", "-checkend", "86500", in: tool.directory
        )
        #expect(text.output.contains("CN = ops"))
        // Not for a day and a minute.
        #expect(!text.succeeded)
    }

    @Test func anAuthorityIsInheritedWithoutItsKey() async throws {
        _ = try await tool.run("certs", "ca", "--cluster", "athens", "--out", "athens")
        let inherited = try await tool.run("certs", "ca", "--cluster", "kos", "--ca", "athens", "--out", "kos")
        #expect(inherited.exitCode == 0, "\(inherited.errorOutput)")
        #expect(inherited.output == "kos/ca.crt  the authority CN=athens mesh CA, inherited from athens\n")
        #expect(try files() == ["athens/ca.crt", "athens/ca.key", "kos/ca.crt"])
        let issued = try await tool.run("certs", "server", "--cluster", "kos", "--out", "kos")
        #expect(issued.exitCode == 1)
        #expect(
            issued.errorOutput == """
                Error: kos/ca.key: there is no authority's key here, so nothing can be issued; name the directory in \
                which the authority was made

                """
        )
    }

    @Test func nothingIsReplacedUnlessForced() async throws {
        _ = try await tool.run("certs", "ca", "--cluster", "athens", "--out", "athens")
        _ = try await tool.run("certs", "server", "--cluster", "athens", "--out", "athens")
        let before = try tool.directory.read("athens/server.crt")
        let again = try await tool.run("certs", "server", "--cluster", "athens", "--out", "athens")
        #expect(again.exitCode == 1)
        #expect(again.output == "")
        #expect(
            again.errorOutput
                == "Error: athens/server.crt: the file is there already and was left as it is; --force replaces it\n"
        )
        #expect(try tool.directory.read("athens/server.crt") == before)
        let forced = try await tool.run("certs", "server", "--cluster", "athens", "--out", "athens", "--force")
        #expect(forced.exitCode == 0, "\(forced.errorOutput)")
        #expect(try tool.directory.read("athens/server.crt") != before)
    }

    @Test func eachFailureNamesTheFile() async throws {
        let missing = try await tool.run("certs", "server", "--cluster", "kos", "--ca", "nowhere", "--out", "kos")
        #expect(missing.exitCode == 1)
        #expect(missing.errorOutput == "Error: nowhere/ca.crt: there is no such file\n")

        try tool.directory.write("garbage", to: "bad/ca.crt")
        try tool.directory.write("garbage", to: "bad/ca.key")
        let garbage = try await tool.run("certs", "client", "--cluster", "kos", "--ca", "bad", "--out", "kos")
        #expect(garbage.exitCode == 1)
        #expect(garbage.errorOutput == "Error: bad/ca.crt: holds no PEM certificate\n")

        let blocked = try await tool.run("certs", "ca", "--cluster", "kos", "--out", "bad/ca.crt")
        #expect(blocked.exitCode == 1)
        #expect(blocked.errorOutput == "Error: bad/ca.crt: this is not a directory\n")
        #expect(try files() == ["bad/ca.crt", "bad/ca.key"])
    }

    @Test(arguments: [
        (["certs", "ca", "--cluster", "Athens", "--out", "x"], "cluster name 'Athens' may hold only a-z, 0-9 and '-'"),
        (["certs", "ca", "--out", "x"], "Missing expected argument '--cluster <name>'"),
        (["certs", "server", "--cluster", "kos"], "Missing expected argument '--out <directory>'"),
        (
            ["certs", "ca", "--cluster", "kos", "--out", "x", "--days", "0"],
            "The value '0' is invalid for '--days <days>'"
        ),
        (["certs", "client", "--cluster", "kos", "--out", "x", "--dns", "a"], "Unknown option '--dns'"),
        (["certs", "everything"], "Unexpected argument 'everything'"),
    ])
    func wrongArgumentsAreAnErrorOfTheirOwn(arguments: [String], message: String) async throws {
        let result = try await tool.run(arguments)
        #expect(result.exitCode == 64)
        #expect(result.errorOutput.contains(message))
        #expect(result.errorOutput.contains("Usage: clustermesh certs"))
        #expect(try files() == [])
    }

    @Test(arguments: [
        (["server", "--dns", "two words"], "'two words' is not a DNS name"),
        (["server", "--ip", "10.0.0"], "'10.0.0' is not an IP address"),
        (["client", "--cn", "../escape"], "client name '../escape' must have 1 to 64 letters"),
    ])
    func aNameThatCannotBeIssuedIsNamed(arguments: [String], message: String) async throws {
        _ = try await tool.run("certs", "ca", "--cluster", "kos", "--out", "kos")
        let result = try await tool.run(["certs"] + arguments + ["--cluster", "kos", "--out", "kos"])
        #expect(result.exitCode == 1)
        #expect(result.errorOutput.contains(message))
        #expect(try files() == ["kos/ca.crt", "kos/ca.key"])
    }
}

import MeshCore
import MeshRPC
import MeshTLS
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCIdentityTests {
    private static var whoAmI: RPCHandlers {
        var handlers = RPCHandlers()
        handlers.unary(.echo) { context, _ in
            #expect(context.peerAddress.hasPrefix("ipv4:127.0.0.1:"))
            #expect(context.peer.fingerprint.count == 64)
            return RPCPayload(Array("\(context.peer.commonName ?? "") \(context.peer.dnsNames)".utf8))
        }
        return handlers
    }

    private func answer(to credentials: TLSCredentials, from fixture: Fixture) async throws -> String {
        try await fixture.withChannel(as: credentials) { channel in
            String(decoding: try await channel.unary(.echo, [], timeout: .seconds(30)), as: UTF8.self)
        }
    }

    @Test func aHandlerKnowsTheCallersCertificate() async throws {
        try await Fixture.with(Self.whoAmI) { fixture in
            let named = try TestCertificates.shared.authority.issueClient(
                commonName: "remote-kos",
                dnsNames: ["agent.kos"]
            ).credentials(trusting: TestCertificates.roots)
            #expect(try await answer(to: named, from: fixture) == #"remote-kos ["agent.kos"]"#)
            #expect(try await answer(to: TestCertificates.client("remote"), from: fixture) == "remote []")
        }
    }

    @Test(arguments: ["foreign", "expired", "not yet valid", "a server's"])
    func aWrongClientCertificateIsRefusedAndNobodyElseDisturbed(kind: String) async throws {
        let credentials =
            switch kind {
            case "foreign": try TestCertificates.foreignClient()
            case "expired": try TestCertificates.expiredClient()
            case "not yet valid": try TestCertificates.notYetValidClient()
            default: try TestCertificates.server("kos")
            }
        try await Fixture.with(Self.whoAmI) { fixture in
            try await fixture.withChannel { honest in
                _ = try await honest.unary(.echo, [], timeout: .seconds(30))
                let status = await #expect(throws: RPCStatus.self) { try await answer(to: credentials, from: fixture) }
                #expect(status?.code == .unavailable)
                #expect(status?.message.contains("refuses the client's certificate") == true)
                #expect(try await honest.unary(.echo, [], timeout: .seconds(30)).starts(with: Array("remote".utf8)))
            }
        }
    }

    @Test(.enabled(if: OpenSSLTool.isInstalled)) func aClientWithoutACertificateIsRefused() async throws {
        try await Fixture.with(Self.whoAmI) { fixture in
            // With TLS 1.2 the refusal is part of the handshake, and so of the tool's exit code.
            let arguments = ["s_client", "-connect", "127.0.0.1:\(fixture.port)", "-alpn", "h2", "-tls1_2"]
            let directory = try TemporaryDirectory()
            #expect(try await !OpenSSLTool.run(arguments, in: directory).succeeded)

            let files = try TestCertificates.client().write(to: directory, as: "client")
            let mutual = arguments + ["-cert", files.certificate, "-key", files.key]
            #expect(try await OpenSSLTool.run(mutual, in: directory).succeeded)
        }
    }

    @Test(arguments: ["foreign", "expired", "another cluster's", "a client's"])
    func aWrongServerCertificateIsRefusedWithTheReason(kind: String) async throws {
        let credentials =
            switch kind {
            case "foreign": try TestCertificates.foreignServer()
            case "expired": try TestCertificates.expiredServer()
            case "another cluster's": try TestCertificates.server("kos")
            default: try TestCertificates.client()
            }
        try await Fixture.with(Self.whoAmI, credentials: credentials) { fixture in
            let status = await #expect(throws: RPCStatus.self) {
                try await answer(to: TestCertificates.client(), from: fixture)
            }
            #expect(status?.code == .unavailable)
            let reason = kind == "another cluster's" ? "not of cluster athens" : "not a server's"
            let expected = ["the certificate of 127.0.0.1:\(fixture.port) was refused", reason]
            for text in expected { #expect(status?.message.contains(text) == true, "\(status?.message ?? "")") }
        }
    }

    @Test func aVerifierCanRefuseAtACallWhatItAcceptedAtTheHandshake() async throws {
        let isRevoked = Locked(false)
        let mesh = PeerVerifier.mesh()
        let revoking = PeerVerifier { leaf, chain, expected in
            if isRevoked.withLock({ $0 }) { return .failure(PeerVerificationError("revoked")) }
            return mesh.verify(leaf, chain, expected)
        }
        try await Fixture.with(.echo) {
            $0.verifier = revoking
        } _: { fixture in
            try await fixture.withChannel { channel in
                #expect(try await channel.unary(.echo, [1], timeout: .seconds(30)) == [1])
                isRevoked.withLock { $0 = true }
                let unary = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [1], timeout: .seconds(30))
                }
                #expect(unary?.code == .unauthenticated)
                let stream = try channel.openStream(.echoStream)
                let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(status?.code == .unauthenticated)
                #expect(status?.message.contains("revoked") == true)
            }
        }
    }

    @Test func anAddressCanBeDialledUnderTheHostsName() async throws {
        var handlers = RPCHandlers()
        handlers.unary(.echo) { _, _ in RPCPayload() }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel {
                $0.host = "athens.mesh.cilium.io"
                $0.resolvedAddress = "127.0.0.1"
                $0.expectedPeer = .server(cluster: nil, hosts: ["athens.mesh.cilium.io"])
            } _: { channel in
                let answer = try await channel.unary(.echo, [], timeout: .seconds(30))
                #expect(answer.isEmpty)
                #expect(channel.authority == "athens.mesh.cilium.io:\(fixture.port)")
            }
        }
    }
}

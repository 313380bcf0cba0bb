import MeshCore
import MeshTLS
import TestSupport
import Testing

@Suite struct PrivateKeyTests {
    private func refusal(_ key: String) throws -> TLSError? {
        let issued = try TestCertificates.shared.authority.issueClient(commonName: "remote")
        do throws(TLSError) {
            try CertificateInspector.checkKey(key, of: issued.certificatePEM)
            return nil
        } catch {
            return error
        }
    }

    @Test func textWithoutAKeyIsRefused() throws {
        #expect(try refusal("")?.code == .noKey)
        #expect(try refusal("a key, honestly")?.code == .noKey)
        #expect(try refusal(TestCertificates.client().certificateChain)?.code == .noKey)
    }

    @Test func aDamagedKeyIsRefused() throws {
        let error = try refusal("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        #expect(error?.code == .malformed)
    }

    @Test func aKeyTextIsBounded() throws {
        #expect(try refusal(String(repeating: "x", count: PEMLimits.maximumFileBytes + 1))?.code == .fileTooLarge)
    }

    /// OpenSSL would otherwise ask for the pass phrase at the terminal, and wait.
    @Test(.enabled(if: OpenSSLTool.isInstalled), .timeLimit(.minutes(1)))
    func aKeyUnderAPassPhraseIsRefusedAtOnce() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(TestCertificates.client().privateKey, to: "plain.key")
        for arguments in [
            ["pkcs8", "-topk8", "-in", "plain.key", "-out", "locked.key", "-passout", "pass:secret"],
            ["ec", "-in", "plain.key", "-aes256", "-out", "locked.key", "-passout", "pass:secret"],
        ] {
            let made = try await OpenSSLTool.run(arguments, in: directory)
            try #require(made.succeeded, "\(made.errorOutput)")
            let error = try refusal(directory.read("locked.key"))
            #expect(error?.code == .noKey)
            #expect(error?.message.contains("pass phrase") == true)
        }
    }

    @Test(.enabled(if: OpenSSLTool.isInstalled))
    func anAuthorityMayHaveAKeyOfAnotherKind() async throws {
        let directory = try TemporaryDirectory()
        let made = try await OpenSSLTool.run(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Old CA", "-keyout", "ca.key",
            "-out", "ca.crt", in: directory
        )
        try #require(made.succeeded, "\(made.errorOutput)")
        let authority = try CertificateAuthority(
            certificatePEM: directory.read("ca.crt"), privateKeyPEM: directory.read("ca.key")
        )
        let issued = try authority.issueClient(commonName: "remote")
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        try CertificateInspector.verify(
            chain: issued.certificatePEM, roots: authority.certificatePEM, purpose: .client,
            at: described.notAfter - 1
        )
    }
}

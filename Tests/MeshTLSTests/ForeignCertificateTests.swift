import MeshCore
import MeshTLS
import TestSupport
import Testing

/// Certificates that no authority here would issue, made with the `openssl` command.
@Suite(.enabled(if: OpenSSLTool.isInstalled)) struct ForeignCertificateTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A self-signed certificate on P-256.
    private func make(_ subject: String, _ extensions: String..., in directory: TemporaryDirectory) async throws
        -> String
    {
        try directory.write(
            "[req]\ndistinguished_name=name\nx509_extensions=extensions\n[name]\n[extensions]\n"
                + extensions.joined(separator: "\n") + "\n",
            to: "request.conf"
        )
        let made = try await OpenSSLTool.run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8", "-days", "2",
            "-subj", subject, "-config", "request.conf", "-keyout", "key.pem", "-out", "certificate.pem", in: directory
        )
        try #require(made.succeeded, "\(made.errorOutput)")
        return try directory.read("certificate.pem")
    }

    private func clientRefusal(_ certificate: String) -> String? {
        switch PeerVerifier.mesh().verify(certificate, "", .client) {
        case .success: nil
        case .failure(let error): error.message
        }
    }

    @Test func withoutExtendedKeyUsageItServesNeitherEnd() async throws {
        let certificate = try await make("/CN=remote", "subjectAltName=DNS:a.example", in: directory)
        #expect(clientRefusal(certificate)?.contains("does not say what it is for") == true)
        let error = #expect(throws: TLSError.self) {
            try CertificateInspector.verify(
                chain: certificate, roots: certificate, purpose: .client,
                at: CertificateInspector.inspectFirst(pem: certificate).notBefore
            )
        }
        #expect(error?.code == .wrongUsage)
    }

    @Test func forBothEndsItServesBoth() async throws {
        let certificate = try await make(
            "/CN=remote", "subjectAltName=DNS:a.example", "extendedKeyUsage=serverAuth,clientAuth", in: directory
        )
        #expect(clientRefusal(certificate) == nil)
        let verdict = PeerVerifier.mesh().verify(certificate, "", .server(cluster: nil, hosts: ["a.example"]))
        #expect(try verdict.get().dnsNames == ["a.example"])
    }

    @Test func severalCommonNamesAreNoName() async throws {
        let certificate = try await make("/CN=remote/CN=admin", "extendedKeyUsage=clientAuth", in: directory)
        #expect(clientRefusal(certificate)?.contains("several common names") == true)
    }

    @Test func aCommonNameThatDoesNotPrintIsNoName() async throws {
        let certificate = try await make("/CN=remote\u{1B}[2J", "extendedKeyUsage=clientAuth", in: directory)
        #expect(clientRefusal(certificate)?.contains("do not print") == true)
    }

    @Test func withoutACommonNameItIsNobodyInParticular() async throws {
        let certificate = try await make("/O=Example", "extendedKeyUsage=clientAuth", in: directory)
        let identity = try PeerVerifier.mesh().verify(certificate, "", .client).get()
        #expect(identity.commonName == nil)
    }

    @Test func anAlternativeNameThatIsNotPlainIsRefused() async throws {
        let certificate = try await make(
            "/CN=remote", "extendedKeyUsage=clientAuth", "subjectAltName=DER:30:05:82:03:61:00:62", in: directory
        )
        #expect(clientRefusal(certificate)?.contains("not printable") == true)
    }

    @Test(arguments: ["DER:30:05:87:03:0A:00:00", "DER:30:09:82:03"])
    func alternativeNamesThatCannotBeReadAreRefused(names: String) async throws {
        let certificate = try await make(
            "/CN=remote", "extendedKeyUsage=clientAuth", "subjectAltName=\(names)", in: directory
        )
        #expect(clientRefusal(certificate)?.contains("cannot be read") == true)
    }

    @Test func anAuthorityWithoutAKeyIdentifierIssuesAllTheSame() async throws {
        let root = try await make(
            "/CN=Plain CA", "basicConstraints=critical,CA:TRUE", "subjectKeyIdentifier=none",
            "authorityKeyIdentifier=none", in: directory
        )
        let described = try CertificateInspector.inspectFirst(pem: root)
        #expect(described.subjectKeyID == nil)
        let authority = try CertificateAuthority(certificatePEM: root, privateKeyPEM: directory.read("key.pem"))
        let issued = try authority.issueClient(commonName: "remote")
        try CertificateInspector.verify(
            chain: issued.certificatePEM, roots: root, purpose: .client, at: described.notBefore + 1
        )
    }

    @Test func aChainOverAnIntermediateAuthorityIsFollowed() async throws {
        let root = try await make("/CN=Root", "basicConstraints=critical,CA:TRUE", in: directory)
        let rootKey = try directory.read("key.pem")
        try directory.write(root, to: "root.crt")
        try directory.write(rootKey, to: "root.key")
        try directory.write("basicConstraints=critical,CA:TRUE,pathlen:0\n", to: "middle.conf")
        for command in [
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Middle",
                "-config", "request.conf", "-keyout", "middle.key", "-out", "middle.csr",
            ],
            [
                "x509", "-req", "-in", "middle.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial",
                "-extfile", "middle.conf", "-days", "2", "-out", "middle.crt",
            ],
        ] {
            let made = try await OpenSSLTool.run(command, in: directory)
            try #require(made.succeeded, "\(made.errorOutput)")
        }
        let middle = try directory.read("middle.crt")
        let authority = try CertificateAuthority(
            certificatePEM: middle, privateKeyPEM: directory.read("middle.key")
        )
        let issued = try authority.issueClient(commonName: "remote")
        let now = try CertificateInspector.inspectFirst(pem: middle).notBefore + 1
        try CertificateInspector.verify(
            chain: issued.certificatePEM + middle, roots: root, purpose: .client, at: now
        )
        let error = #expect(throws: TLSError.self) {
            try CertificateInspector.verify(chain: issued.certificatePEM, roots: root, purpose: .client, at: now)
        }
        #expect(error?.code == .untrusted)
    }
}

import MeshCore
import MeshTLS
import TestSupport
import Testing

/// Revocation lists as the `openssl` command makes and reads them.
@Suite(.enabled(if: OpenSSLTool.isInstalled)) struct ForeignRevocationListTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func run(_ arguments: String...) async throws -> OpenSSLTool.Result {
        let result = try await OpenSSLTool.run(arguments, in: directory)
        try #require(result.succeeded, "\(result.errorOutput)")
        return result
    }

    /// An authority of the tool's, which has revoked the certificate with the number 0x1A2B3C.
    private func makeList(_ authorityExtensions: String, _ listExtensions: String = "") async throws -> String {
        try directory.write(
            """
            [req]
            distinguished_name=name
            x509_extensions=authority
            [name]
            [authority]
            basicConstraints=critical,CA:TRUE
            subjectKeyIdentifier=hash
            \(authorityExtensions)
            [ca]
            default_ca=one
            [one]
            database=index.txt
            crlnumber=crlnumber
            default_md=sha256
            default_crl_days=2
            crl_extensions=list
            [list]
            authorityKeyIdentifier=keyid
            \(listExtensions)

            """,
            to: "ca.conf"
        )
        try directory.write("R\t351231235959Z\t250101000000Z,keyCompromise\t1A2B3C\tunknown\t/CN=x\n", to: "index.txt")
        try directory.write("01\n", to: "crlnumber")
        _ = try await run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/O=Mesh/CN=Tool CA", "-config", "ca.conf", "-keyout", "key.pem", "-out", "ca.pem"
        )
        _ = try await run(
            "ca", "-gencrl", "-config", "ca.conf", "-keyfile", "key.pem", "-cert", "ca.pem", "-out", "list.pem"
        )
        return try directory.read("list.pem")
    }

    @Test func theToolsListIsUnderstood() async throws {
        let pem = try await makeList("keyUsage=critical,keyCertSign,cRLSign")
        let list = try RevocationList(pem: pem, issuedBy: directory.read("ca.pem"))
        #expect(list.issues.map(\.issuer) == ["CN=Tool CA,O=Mesh"])
        #expect(list.issues.first?.serialNumbers == ["1a2b3c"])
        let peer = PeerIdentity(commonName: "x", issuer: "CN=Tool CA,O=Mesh", serialNumber: "1a2b3c")
        #expect(list.revoked.refusal(of: peer) != nil)
    }

    @Test func anAuthorityThatSaysNothingOfItsKeysUseMaySign() async throws {
        let pem = try await makeList("")
        #expect(try RevocationList(pem: pem, issuedBy: directory.read("ca.pem")).revoked.count == 1)
    }

    @Test func anAuthorityWhoseKeyMayNotSignListsIsNotBelieved() async throws {
        let pem = try await makeList("keyUsage=critical,keyCertSign")
        let error = #expect(throws: TLSError.self) {
            try RevocationList(pem: pem, issuedBy: directory.read("ca.pem"))
        }
        #expect(error?.code == .untrusted)
        #expect(error?.message.contains("cRLSign") == true)
    }

    @Test(arguments: [
        "issuingDistributionPoint=critical,@point\n[point]\nonlyuser=TRUE", "2.5.29.27=critical,DER:02:01:01",
    ])
    func aListOfAPartOfTheCertificatesIsNotTakenForAll(extensions: String) async throws {
        let pem = try await makeList("keyUsage=critical,keyCertSign,cRLSign", extensions)
        let error = #expect(throws: TLSError.self) {
            try RevocationList(pem: pem, issuedBy: directory.read("ca.pem"))
        }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("complete lists") == true)
    }

    @Test func theToolUnderstandsOurLists() async throws {
        let authority = try TestCertificates.shared.authority
        let client = try authority.issueClient(commonName: "remote")
        let serialNumber = try CertificateInspector.inspectFirst(pem: client.certificatePEM).serialNumber
        let list = try authority.issueRevocationList(revoking: [serialNumber], number: 7)
        try directory.write(authority.certificatePEM, to: "ca.pem")
        try directory.write(list, to: "list.pem")
        try directory.write(client.certificatePEM, to: "client.pem")
        try directory.write(authority.issueClient(commonName: "remote").certificatePEM, to: "other.pem")
        let shown = try await run("crl", "-in", "list.pem", "-CAfile", "ca.pem", "-noout", "-text")
        #expect((shown.output + shown.errorOutput).contains("verify OK"))
        #expect(shown.output.lowercased().contains(serialNumber))

        let verify = ["verify", "-crl_check", "-CRLfile", "list.pem", "-CAfile", "ca.pem"]
        #expect(try await OpenSSLTool.run(verify + ["other.pem"], in: directory).succeeded)
        let refused = try await OpenSSLTool.run(verify + ["client.pem"], in: directory)
        #expect(!refused.succeeded)
        #expect((refused.output + refused.errorOutput).contains("revoked"))
    }
}

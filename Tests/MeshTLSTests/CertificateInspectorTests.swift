import Foundation
import MeshCore
import MeshTLS
import TestSupport
import Testing

@Suite struct CertificateInspectorTests {
    private let authority: CertificateAuthority
    private let roots: String
    private let now = Int64(Date().timeIntervalSince1970)

    init() throws {
        authority = try TestCertificates.shared.authority
        roots = authority.certificatePEM
    }

    private func refusal(
        _ credentials: TLSCredentials, _ purpose: CertificatePurpose, roots: String? = nil, at time: Int64? = nil
    ) -> TLSError? {
        do throws(TLSError) {
            try CertificateInspector.verify(
                chain: credentials.certificateChain, roots: roots ?? self.roots, purpose: purpose, at: time ?? now
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func aChainToATrustedRootIsGood() throws {
        #expect(refusal(try TestCertificates.server(), .server) == nil)
        #expect(refusal(try TestCertificates.client(), .client) == nil)
        let bundle = try TestCertificates.foreign.authority.certificatePEM + roots
        #expect(refusal(try TestCertificates.server(), .server, roots: bundle) == nil)
    }

    @Test func aForeignAuthorityIsNotTrusted() throws {
        let error = try #require(refusal(TestCertificates.foreignClient("remote-kos"), .client))
        #expect(error.code == .untrusted)
        #expect(error.message.contains("CN=remote-kos"))
        #expect(error.cause != nil)
    }

    @Test func anAuthorityOfTheSameNameIsNotTheSame() throws {
        let namesake = try CertificateAuthority.create(commonName: "Test CA")
        let issued = try namesake.issueClient(commonName: "remote").credentials(trusting: roots)
        #expect(refusal(issued, .client)?.code == .untrusted)
    }

    @Test func aChangedCertificateIsNotTrusted() throws {
        var lines = try TestCertificates.client().certificateChain.split(separator: "\n").map(String.init)
        // A letter of the signature, at the end.
        let position = lines.count - 2
        let letter = lines[position].removeFirst()
        lines[position] = (letter == "A" ? "B" : "A") + lines[position]
        let changed = TLSCredentials(certificateChain: lines.joined(separator: "\n"), privateKey: "", trustedRoots: "")
        let code = try #require(refusal(changed, .client)?.code)
        #expect([.untrusted, .malformed].contains(code))
    }

    @Test func thePurposeCounts() throws {
        #expect(refusal(try TestCertificates.server(), .client)?.code == .wrongUsage)
        #expect(refusal(try TestCertificates.client(), .server)?.code == .wrongUsage)
    }

    @Test func theTimeCounts() throws {
        #expect(refusal(try TestCertificates.expiredServer(), .server)?.code == .expired)
        #expect(refusal(try TestCertificates.notYetValidServer(), .server)?.code == .notYetValid)
        let good = try TestCertificates.server()
        #expect(refusal(good, .server, at: now + 40 * 366 * 86_400)?.code == .expired)
        #expect(refusal(good, .server, at: now - 86_400)?.code == .notYetValid)
    }

    @Test func aCertificateThatIssuesWithoutBeingAnAuthorityIsNotFollowed() throws {
        let impostor = try TestCertificates.foreign.authority.issueServer(cluster: ClusterName("kos"))
        let chain = impostor.certificatePEM + (try TestCertificates.server().certificateChain)
        let credentials = TLSCredentials(certificateChain: chain, privateKey: "", trustedRoots: "")
        #expect(refusal(credentials, .server)?.code == .untrusted)
    }

    @Test func everyCertificateOfATextIsDescribedInItsOrder() throws {
        let server = try TestCertificates.server("kos").certificateChain
        let described = try CertificateInspector.inspect(pem: "kos:\n\(server)\nits root:\n\(roots)\nthe end")
        #expect(described.map(\.subject) == ["CN=kos.mesh.cilium.io", "CN=Test CA"])
        #expect(try CertificateInspector.count(pem: server + roots) == 2)
    }

    @Test func aDamagedCertificateBehindAGoodOneIsNotOverlooked() throws {
        let damaged = roots + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let error = #expect(throws: TLSError.self) { try CertificateInspector.inspect(pem: damaged) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("certificate 2") == true)
    }

    @Test func aCutOffCertificateIsDamaged() throws {
        let error = #expect(throws: TLSError.self) {
            try CertificateInspector.inspect(pem: String(roots.dropLast(40)))
        }
        #expect(error?.code == .malformed)
    }

    @Test func theNumberOfCertificatesIsBounded() throws {
        let most = String(repeating: roots, count: PEMLimits.maximumCertificates)
        #expect(try CertificateInspector.count(pem: most) == 512)
        let error = #expect(throws: TLSError.self) { try CertificateInspector.count(pem: most + roots) }
        #expect(error?.code == .fileTooLarge)
    }

    @Test func theSizeOfATextIsBounded() throws {
        let filler = String(repeating: "x", count: PEMLimits.maximumFileBytes - roots.utf8.count - 1) + "\n"
        #expect(try CertificateInspector.count(pem: filler + roots) == 1)
        let error = #expect(throws: TLSError.self) { try CertificateInspector.count(pem: filler + roots + "x") }
        #expect(error?.code == .fileTooLarge)
    }

    @Test func keysAreToldApart() throws {
        let one = try authority.issueClient(commonName: "remote")
        let other = try authority.issueClient(commonName: "remote")
        try CertificateInspector.checkKey(one.privateKeyPEM, of: one.certificatePEM)
        let error = #expect(throws: TLSError.self) {
            try CertificateInspector.checkKey(other.privateKeyPEM, of: one.certificatePEM)
        }
        #expect(error?.code == .keyMismatch)
    }

    @Test func aDescriptionIsForPeople() throws {
        let issued = try authority.issueServer(
            cluster: ClusterName("athens"), validity: .seconds(86_400), notBefore: 1_900_000_000
        )
        let text = try CertificateInspector.inspectFirst(pem: issued.certificatePEM).description
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.first == "subject: CN=athens.mesh.cilium.io")
        #expect(lines.contains("names: DNS:athens.mesh.cilium.io, DNS:localhost, IP:127.0.0.1, IP:::1"))
        #expect(lines.contains("issuer: CN=Test CA"))
        #expect(lines.contains("valid: 2030-03-17 17:46:40 UTC to 2030-03-18 17:46:40 UTC"))
        #expect(lines.contains("usage: serverAuth"))
        let root = try CertificateInspector.inspectFirst(pem: roots).description
        #expect(root.contains("authority: yes"))
    }
}

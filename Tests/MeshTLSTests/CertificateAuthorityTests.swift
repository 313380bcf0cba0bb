import MeshCore
import MeshTLS
import TestSupport
import Testing

@Suite struct CertificateAuthorityTests {
    private let athens: ClusterName
    private let authority: CertificateAuthority

    init() throws {
        athens = try ClusterName("athens")
        authority = try TestCertificates.shared.authority
    }

    @Test func aKeyOfAnotherAuthorityIsRefused() throws {
        let issued = try authority.issueServer(cluster: athens)
        let error = #expect(throws: TLSError.self) {
            try CertificateAuthority(
                certificatePEM: authority.certificatePEM, privateKeyPEM: issued.privateKeyPEM
            )
        }
        #expect(error?.code == .keyMismatch)
    }

    @Test func whatItIssuesIsNoAuthority() throws {
        let issued = try authority.issueServer(cluster: athens)
        let error = #expect(throws: TLSError.self) {
            try CertificateAuthority(certificatePEM: issued.certificatePEM, privateKeyPEM: issued.privateKeyPEM)
        }
        #expect(error?.code == .notAnAuthority)
    }

    @Test(arguments: ["", "Not PEM", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"])
    func textWithoutACertificateIsRefused(text: String) throws {
        let issued = try authority.issueServer(cluster: athens)
        let error = #expect(throws: TLSError.self) {
            try CertificateAuthority(certificatePEM: text, privateKeyPEM: issued.privateKeyPEM)
        }
        #expect([.noCertificate, .malformed].contains(error?.code))
    }

    @Test(arguments: [
        "", "two words", "-a", "a-", "a..b", ".", "*", "a.*.b", "a,DNS:b", String(repeating: "a", count: 64),
    ])
    func aTextThatIsNoDNSNameIsRefused(name: String) throws {
        let error = #expect(throws: TLSError.self) {
            try authority.issueServer(cluster: athens, extraDNSNames: [name])
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test(arguments: ["", "10.0.0", "10.0.0.256", "example", "::g", "10.0.0.1/8"])
    func aTextThatIsNoAddressIsRefused(address: String) throws {
        let error = #expect(throws: TLSError.self) {
            try authority.issueServer(cluster: athens, extraIPAddresses: [address])
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test(arguments: ["", String(repeating: "a", count: 65), "tab\there"])
    func aCommonNameThatCannotBeWrittenIsRefused(name: String) throws {
        let error = #expect(throws: TLSError.self) { try authority.issueClient(commonName: name) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func aCommonNameDoesNotEndAtAZeroByte() {
        #expect(throws: TLSError.self) { try authority.issueClient(commonName: "remote\0kos") }
        #expect(throws: TLSError.self) { try authority.issueClient(commonName: "remote\nkos") }
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .milliseconds(999), .seconds(36_500 * 86_400 + 1)])
    func aValidityOutsideItsBoundsIsRefused(validity: Duration) throws {
        let error = #expect(throws: TLSError.self) {
            try authority.issueClient(commonName: "remote", validity: validity)
        }
        #expect(error?.code == .invalidRequest)
        #expect(throws: TLSError.self) { try CertificateAuthority.create(commonName: "CA", validity: validity) }
    }

    @Test func keysNeverShowInDescriptions() throws {
        let issued = try authority.issueClient(commonName: "remote")
        #expect(!"\(issued)".contains("PRIVATE"))
        #expect(!String(reflecting: issued).contains("PRIVATE"))
        #expect(!"\(authority)".contains("PRIVATE"))
        #expect(!String(reflecting: authority).contains("PRIVATE"))
    }
}

import Foundation
import MeshCore
import MeshTLS
import TestSupport
import Testing

/// What the authority's certificates say, read by the inspector and by the `openssl` command.
@Suite struct IssuedCertificateTests {
    private let athens: ClusterName
    private let authority: CertificateAuthority

    init() throws {
        athens = try ClusterName("athens")
        authority = try TestCertificates.shared.authority
    }

    @Test func aServersCertificateNamesTheClusterAndThisMachine() throws {
        let issued = try authority.issueServer(
            cluster: athens, extraDNSNames: ["mesh.athens.example", "localhost"],
            extraIPAddresses: ["10.0.0.1", "0:0:0:0:0:0:0:1"]
        )
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        #expect(described.subject == "CN=athens.mesh.cilium.io")
        #expect(described.commonName == "athens.mesh.cilium.io")
        #expect(described.dnsNames == ["athens.mesh.cilium.io", "localhost", "mesh.athens.example"])
        #expect(described.ipAddresses == ["127.0.0.1", "::1", "10.0.0.1"])
        #expect(described.uris == [])
        #expect(described.purposes == [.server])
        #expect(!described.isAuthority)
    }

    @Test func aClientsCertificateSaysOnlyWhatWasAsked() throws {
        let issued = try authority.issueClient(commonName: "remote-hurup", uris: ["spiffe://mesh/hurup"])
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        #expect(described.subject == "CN=remote-hurup")
        #expect(described.dnsNames == [])
        #expect(described.ipAddresses == [])
        #expect(described.uris == ["spiffe://mesh/hurup"])
        #expect(described.purposes == [.client])
        #expect(!described.isAuthority)
    }

    @Test func theAuthoritysOwnCertificateIsForIssuingOnly() throws {
        let described = try CertificateInspector.inspectFirst(pem: authority.certificatePEM)
        #expect(described.isAuthority)
        #expect(described.purposes == nil)
        #expect(described.subject == described.issuer)
    }

    @Test func aCertificatePointsToItsAuthority() throws {
        let root = try CertificateInspector.inspectFirst(pem: authority.certificatePEM)
        let issued = try authority.issueServer(cluster: athens)
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        #expect(described.issuer == root.subject)
        #expect(described.authorityKeyID == root.subjectKeyID)
        #expect(described.subjectKeyID != nil)
        #expect(described.subjectKeyID != root.subjectKeyID)
    }

    @Test func keysAndSerialNumbersAreNeverTheSame() throws {
        let issued = try (0..<8).map { _ in try authority.issueClient(commonName: "remote") }
        let described = try issued.map { try CertificateInspector.inspectFirst(pem: $0.certificatePEM) }
        #expect(Set(issued.map(\.privateKeyPEM)).count == 8)
        #expect(Set(described.map(\.serialNumber)).count == 8)
        #expect(Set(described.map(\.fingerprint)).count == 8)
        // 127 bits, of which the topmost is set.
        #expect(described.allSatisfy { $0.serialNumber.count == 32 && "4567".contains($0.serialNumber.prefix(1)) })
    }

    @Test func aCertificateBeginsFiveMinutesAgoBecauseClocksDiffer() throws {
        let now = Int64(Date().timeIntervalSince1970)
        let issued = try authority.issueClient(commonName: "remote", validity: .seconds(3_600))
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        #expect((now - 302...now - 298 + 60).contains(described.notBefore))
        #expect((now + 3_598...now + 3_660).contains(described.notAfter))
    }

    @Test func nothingOutlastsItsAuthority() throws {
        let brief = try CertificateAuthority.create(commonName: "Brief CA", validity: .seconds(3_600))
        let issued = try brief.issueClient(commonName: "remote")
        let root = try CertificateInspector.inspectFirst(pem: brief.certificatePEM)
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        #expect(described.notAfter == root.notAfter)
        // Nothing can begin after it, either.
        let error = #expect(throws: TLSError.self) {
            try brief.issueClient(commonName: "remote", notBefore: root.notAfter + 1)
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func aCommonNameMayHoldAnyPrintableText() throws {
        let issued = try authority.issueClient(commonName: "Äther, O=x / αθήνα")
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        #expect(described.commonName == "Äther, O=x / αθήνα")
        #expect(described.subject.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }

    @Test func theNumberOfNamesIsBounded() throws {
        // Two more come by themselves, and two addresses.
        let names = (1...252).map { "host\($0).example" }
        let issued = try authority.issueServer(cluster: athens, extraDNSNames: names)
        #expect(try CertificateInspector.inspectFirst(pem: issued.certificatePEM).dnsNames.count == 254)
        let error = #expect(throws: TLSError.self) {
            try authority.issueServer(cluster: athens, extraDNSNames: names + ["host253.example"])
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test(.enabled(if: OpenSSLTool.isInstalled)) func opensslVerifiesEachForItsPurposeOnly() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(authority.certificatePEM, to: "ca.crt")
        try directory.write(TestCertificates.foreign.authority.certificatePEM, to: "foreign.crt")
        try directory.write(authority.issueServer(cluster: athens).certificatePEM, to: "server.crt")
        try directory.write(authority.issueClient(commonName: "remote").certificatePEM, to: "client.crt")
        func verifies(_ file: String, _ purpose: String, _ roots: String = "ca.crt") async throws -> Bool {
            try await OpenSSLTool.run(
                "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", roots, "-purpose", purpose, file,
                in: directory
            ).succeeded
        }
        #expect(try await verifies("server.crt", "sslserver"))
        #expect(try await verifies("client.crt", "sslclient"))
        #expect(try await !verifies("server.crt", "sslclient"))
        #expect(try await !verifies("client.crt", "sslserver"))
        #expect(try await !verifies("server.crt", "sslserver", "foreign.crt"))
    }

    @Test(.enabled(if: OpenSSLTool.isInstalled)) func opensslReadsTheSame() async throws {
        let directory = try TemporaryDirectory()
        let issued = try authority.issueServer(cluster: athens)
        try directory.write(issued.certificatePEM, to: "server.crt")
        let text = try await OpenSSLTool.run("x509", "-in", "server.crt", "-noout", "-text", in: directory).output
        #expect(text.contains("ASN1 OID: prime256v1"))
        #expect(text.contains("ecdsa-with-SHA256"))
        #expect(text.contains("CA:FALSE"))
        #expect(text.contains("TLS Web Server Authentication"))
        #expect(!text.contains("TLS Web Client Authentication"))
        #expect(text.contains("DNS:athens.mesh.cilium.io, DNS:localhost, IP Address:127.0.0.1"))
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        let facts = try await OpenSSLTool.run(
            "x509", "-in", "server.crt", "-noout", "-serial", "-fingerprint", "-sha256", "-enddate", "-dateopt",
            "iso_8601", in: directory
        ).output.lowercased()
        #expect(facts.contains("serial=\(described.serialNumber)\n"))
        #expect(facts.replacingOccurrences(of: ":", with: "").contains("fingerprint=\(described.fingerprint)\n"))
        let end = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: TimeInterval(described.notAfter)))
        #expect(facts.replacingOccurrences(of: " ", with: "t").contains("notafter=\(end.lowercased())"))
    }
}

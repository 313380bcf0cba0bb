import MeshCore
import Testing

@testable import MeshTLS

/// The decision alone, over descriptions that no authority here would issue.
@Suite struct PeerRulesTests {
    private func certificate(
        dns: [String] = [], ips: [String] = [], purposes: Set<CertificatePurpose>? = [.server]
    ) -> CertificateDescription {
        CertificateDescription(
            subject: "CN=x", commonName: "x", dnsNames: dns, uris: [], ipAddresses: ips, issuer: "CN=y",
            serialNumber: "01", fingerprint: "00", subjectKeyID: nil, authorityKeyID: nil, notBefore: 100,
            notAfter: 200, purposes: purposes, isAuthority: false
        )
    }

    private func accepts(
        _ certificate: CertificateDescription, _ expected: ExpectedPeer, at now: Int64 = 150
    ) -> Bool {
        do {
            try PeerRules.check(certificate, expected, at: now)
            return true
        } catch {
            return false
        }
    }

    @Test func aCertificateForBothEndsServesBoth() {
        let both = certificate(dns: ["a.example"], purposes: [.server, .client])
        #expect(accepts(both, .client))
        #expect(accepts(both, .server(cluster: nil, hosts: ["a.example"])))
    }

    @Test func aCertificateThatDoesNotSayWhatItIsForServesNeither() {
        let silent = certificate(dns: ["a.example"], purposes: nil)
        #expect(!accepts(silent, .client))
        #expect(!accepts(silent, .server(cluster: nil, hosts: ["a.example"])))
        let other = certificate(dns: ["a.example"], purposes: [])
        #expect(!accepts(other, .client))
        #expect(!accepts(other, .server(cluster: nil, hosts: ["a.example"])))
    }

    @Test func namesOfTheMeshAreReadWithoutRegardToCase() throws {
        let athens = try ClusterName("athens")
        #expect(accepts(certificate(dns: ["ATHENS.Mesh.Cilium.IO"]), .server(cluster: athens, hosts: [])))
        #expect(accepts(certificate(dns: ["athens.mesh.cilium.io."]), .server(cluster: athens, hosts: [])))
    }

    @Test func anyNameUnderTheMeshTakesTheDecisionFromTheHost() throws {
        let athens = try ClusterName("athens")
        let expected = ExpectedPeer.server(cluster: athens, hosts: ["a.example"])
        #expect(accepts(certificate(dns: ["a.example"]), expected))
        #expect(!accepts(certificate(dns: ["a.example", "kos.mesh.cilium.io"]), expected))
        #expect(!accepts(certificate(dns: ["a.example", "x.athens.mesh.cilium.io"]), expected))
        #expect(!accepts(certificate(dns: ["a.example", "*.athens.mesh.cilium.io"]), expected))
        #expect(accepts(certificate(dns: ["kos.mesh.cilium.io", "athens.mesh.cilium.io"]), expected))
        // Not under the domain, only beginning or ending alike.
        #expect(accepts(certificate(dns: ["a.example", "mesh.cilium.io"]), expected))
        #expect(accepts(certificate(dns: ["a.example", "kos.xmesh.cilium.io"]), expected))
        #expect(accepts(certificate(dns: ["a.example", "kos.mesh.cilium.io.evil.example"]), expected))
    }

    @Test func addressesAreComparedByValueAndOnlyWithAddresses() {
        let addressed = certificate(ips: ["10.0.0.1", "fd00::1"])
        #expect(accepts(addressed, .server(cluster: nil, hosts: ["10.0.0.1"])))
        #expect(accepts(addressed, .server(cluster: nil, hosts: ["::ffff:10.0.0.1"])))
        #expect(accepts(addressed, .server(cluster: nil, hosts: ["FD00:0:0:0:0:0:0:1"])))
        #expect(accepts(addressed, .server(cluster: nil, hosts: ["[fd00::1]"])))
        #expect(!accepts(addressed, .server(cluster: nil, hosts: ["10.0.0.2"])))
        // An address among the DNS names is none of the addresses.
        #expect(!accepts(certificate(dns: ["10.0.0.1"]), .server(cluster: nil, hosts: ["10.0.0.1"])))
        #expect(!accepts(certificate(dns: ["*.0.0.1"]), .server(cluster: nil, hosts: ["10.0.0.1"])))
    }

    @Test func aRefusalListsAtMostEightNames() {
        let many = certificate(dns: (1...100).map { "host\($0).example" })
        #expect {
            try PeerRules.check(many, .server(cluster: nil, hosts: ["a.example"]), at: 150)
        } throws: { error in
            let text = "\(error)"
            return text.contains("host8.example and 92 more") && !text.contains("host9.example")
        }
    }

    @Test func aRefusalIsShortHoweverLongTheNames() {
        var long = certificate(dns: (1...8).map { _ in String(repeating: "a", count: 10_000) })
        long.subject = String(repeating: "x", count: 10_000)
        for expected in [ExpectedPeer.client, .server(cluster: nil, hosts: ["b.example"])] {
            #expect {
                try PeerRules.check(long, expected, at: 150)
            } throws: { error in
                "\(error)".count < 3_000
            }
        }
    }
}

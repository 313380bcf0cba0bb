import MeshCore
import MeshTLS
import TestSupport
import Testing

/// The verifier over real certificates, as the transport calls it.
@Suite struct PeerVerifierTests {
    private let athens: ClusterName
    private let kos: ClusterName
    private let authority: CertificateAuthority

    init() throws {
        athens = try ClusterName("athens")
        kos = try ClusterName("kos")
        authority = try TestCertificates.shared.authority
    }

    private func verdict(
        _ credentials: TLSCredentials, _ expected: ExpectedPeer, now: Int64? = nil
    ) -> PeerVerifier.Verdict {
        let verifier = now.map { now in PeerVerifier.mesh(now: { now }) } ?? .mesh()
        return verifier.verify(credentials.certificateChain, credentials.certificateChain, expected)
    }

    private func refusal(_ credentials: TLSCredentials, _ expected: ExpectedPeer, now: Int64? = nil) -> String? {
        switch verdict(credentials, expected, now: now) {
        case .success: nil
        case .failure(let error): error.message
        }
    }

    @Test func aClientIsKnownByWhatItsCertificateSays() throws {
        let issued = try authority.issueClient(
            commonName: "remote-hurup", dnsNames: ["agent.hurup.example"], uris: ["spiffe://hurup/agent"]
        )
        let identity = try verdict(issued.credentials(trusting: ""), .client).get()
        #expect(identity.commonName == "remote-hurup")
        #expect(identity.dnsNames == ["agent.hurup.example"])
        #expect(identity.uris == ["spiffe://hurup/agent"])
        #expect(identity.issuer == "CN=Test CA")
        let described = try CertificateInspector.inspectFirst(pem: issued.certificatePEM)
        #expect(identity.serialNumber == described.serialNumber)
        #expect(identity.fingerprint == described.fingerprint)
        #expect(identity.notAfter == described.notAfter)
    }

    @Test func aServersCertificateIsNoClient() throws {
        let message = try #require(refusal(TestCertificates.server(), .client))
        #expect(message.contains("not a client's"))
        #expect(message.contains("clientAuth"))
    }

    @Test func aClientsCertificateIsNoServer() throws {
        let client = try authority.issueClient(commonName: "remote", dnsNames: ["athens.mesh.cilium.io"])
            .credentials(trusting: "")
        let message = try #require(refusal(client, .server(cluster: athens, hosts: ["athens.mesh.cilium.io"])))
        #expect(message.contains("not a server's"))
    }

    @Test(arguments: [[], ["127.0.0.1"], ["10.9.8.7"], ["whatever.example"]])
    func aServerOfTheExpectedClusterIsAcceptedWhereverItIs(hosts: [String]) throws {
        let identity = try verdict(TestCertificates.server("athens"), .server(cluster: athens, hosts: hosts)).get()
        #expect(identity.dnsNames == ["athens.mesh.cilium.io", "localhost"])
        #expect(identity.ipAddresses == ["127.0.0.1", "::1"])
    }

    @Test func aServerOfAnotherClusterIsRefusedEvenAtTheRightAddress() throws {
        let message = try #require(
            refusal(TestCertificates.server("kos"), .server(cluster: athens, hosts: ["127.0.0.1", "localhost"]))
        )
        #expect(message.contains("not of cluster athens"))
        #expect(message.contains("kos.mesh.cilium.io"))
    }

    @Test func theWildcardOfTheMeshMatchesEveryCluster() throws {
        let issued = try authority.issueExactly(
            .server, commonName: "clustermesh-apiserver.cilium.io",
            dnsNames: ["clustermesh-apiserver.cilium.io", "*.mesh.cilium.io"], ipAddresses: []
        ).credentials(trusting: "")
        #expect(refusal(issued, .server(cluster: athens, hosts: [])) == nil)
        #expect(refusal(issued, .server(cluster: kos, hosts: [])) == nil)
    }

    @Test func withoutNamesOfTheMeshTheHostDecides() throws {
        let issued = try authority.issueExactly(
            .server, commonName: "athens.mesh.cilium.io", dnsNames: ["etcd.athens.example"], ipAddresses: ["10.0.0.7"]
        ).credentials(trusting: "")
        #expect(refusal(issued, .server(cluster: athens, hosts: ["etcd.athens.example"])) == nil)
        #expect(refusal(issued, .server(cluster: athens, hosts: ["other.example", "10.0.0.7"])) == nil)
        let message = try #require(refusal(issued, .server(cluster: athens, hosts: ["10.0.0.8"])))
        #expect(message.contains("etcd.athens.example"))
        #expect(message.contains("10.0.0.8"))
        // The common name is no name of a server.
        #expect(refusal(issued, .server(cluster: athens, hosts: ["athens.mesh.cilium.io"])) != nil)
        #expect(refusal(issued, .server(cluster: athens, hosts: [])) != nil)
    }

    @Test func ofNoParticularClusterOnlyTheHostCounts() throws {
        let server = try TestCertificates.server("kos")
        #expect(refusal(server, .server(cluster: nil, hosts: ["127.0.0.1"])) == nil)
        #expect(refusal(server, .server(cluster: nil, hosts: ["kos.mesh.cilium.io"])) == nil)
        #expect(refusal(server, .server(cluster: nil, hosts: ["[0:0::1]"])) == nil)
        #expect(refusal(server, .server(cluster: nil, hosts: ["athens.mesh.cilium.io"])) != nil)
        #expect(refusal(server, .server(cluster: nil, hosts: [])) != nil)
    }

    @Test func anEndedCertificateIsRefused() throws {
        let server = try #require(
            refusal(TestCertificates.expiredServer(), .server(cluster: athens, hosts: []))
        )
        #expect(server.contains("ended at"))
        let client = try #require(refusal(TestCertificates.expiredClient(), .client))
        #expect(client.contains("ended at"))
    }

    @Test func aCertificateOfTheFutureIsRefused() throws {
        let server = try #require(
            refusal(TestCertificates.notYetValidServer(), .server(cluster: athens, hosts: []))
        )
        #expect(server.contains("not valid before"))
        let client = try #require(refusal(TestCertificates.notYetValidClient(), .client))
        #expect(client.contains("not valid before"))
    }

    @Test func theClockDecidesToTheSecond() throws {
        let client = try authority.issueClient(
            commonName: "remote", validity: .seconds(100), notBefore: 1_900_000_000
        ).credentials(trusting: "")
        #expect(refusal(client, .client, now: 1_899_999_999) != nil)
        #expect(refusal(client, .client, now: 1_900_000_000) == nil)
        #expect(refusal(client, .client, now: 1_900_000_100) == nil)
        #expect(refusal(client, .client, now: 1_900_000_101) != nil)
    }

    @Test func whatWasReadOnceIsJudgedByTheClockOfEachTime() throws {
        let client = try authority.issueClient(
            commonName: "remote", validity: .seconds(100), notBefore: 1_900_000_000
        ).credentials(trusting: "")
        let now = Locked<Int64>(1_900_000_050)
        let judge = PeerVerifier.mesh(now: { now.withLock { $0 } })
            .reading(client.certificateChain, client.certificateChain)
        #expect((try? judge(.client).get())?.commonName == "remote")
        now.withLock { $0 = 1_900_000_101 }
        #expect((try? judge(.client).get()) == nil)
        now.withLock { $0 = 1_900_000_100 }
        #expect((try? judge(.client).get())?.commonName == "remote")
        #expect((try? judge(.server(cluster: nil, hosts: ["remote"])).get()) == nil)
    }

    @Test(arguments: ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func whatIsNoCertificateIsRefused(text: String) {
        let credentials = TLSCredentials(certificateChain: text, privateKey: "", trustedRoots: "")
        #expect(refusal(credentials, .client)?.contains("cannot be read") == true)
        #expect(refusal(credentials, .server(cluster: nil, hosts: ["localhost"]))?.contains("cannot be read") == true)
    }
}

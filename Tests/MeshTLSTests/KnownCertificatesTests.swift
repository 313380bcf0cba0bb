import MeshCore
import TestSupport
import Testing

@testable import MeshTLS

@Suite struct KnownCertificatesTests {
    private let known = KnownCertificates()
    private let client: String
    private let authority: String

    init() throws {
        client = try TestCertificates.client().certificateChain
        authority = try TestCertificates.roots
    }

    @Test func whatWasReadOnceIsKept() throws {
        let first = try known.certificates(leaf: client, chain: "")
        #expect(known.count == 1)
        #expect(try known.certificates(leaf: client, chain: "") == first)
        #expect(known.count == 1)
        #expect(try first.leaf == CertificateInspector.inspectFirst(pem: client))
        let other = try TestCertificates.client().certificateChain
        #expect(try known.certificates(leaf: other, chain: "").leaf.serialNumber != first.leaf.serialNumber)
        #expect(known.count == 2)
    }

    @Test func theChainIsWhatIsNotTheLeaf() throws {
        #expect(try known.certificates(leaf: client, chain: client).intermediates.isEmpty)
        let root = try CertificateInspector.inspectFirst(pem: authority)
        for chain in [authority, client + authority] {
            let intermediates = try known.certificates(leaf: client, chain: chain).intermediates
            #expect(intermediates.map(\.fingerprint) == [root.fingerprint])
            #expect(intermediates.map(\.serialNumber) == [root.serialNumber])
            #expect(intermediates.map(\.issuer) == [root.issuer])
        }
    }

    @Test func whatCannotBeReadIsAnErrorEveryTime() {
        for _ in 0..<2 {
            #expect(throws: TLSError.self) { try known.certificates(leaf: "x", chain: "") }
            #expect(throws: TLSError.self) { try known.certificates(leaf: client, chain: "x") }
        }
        #expect(known.count == 0)
    }

    @Test func howMuchIsKeptIsBounded() throws {
        // The text in front of a certificate makes it another text for the same certificate.
        for number in 0..<KnownCertificates.capacity {
            _ = try known.certificates(leaf: "\(number)\n" + client, chain: "")
        }
        #expect(known.count == KnownCertificates.capacity)
        _ = try known.certificates(leaf: client, chain: "")
        #expect(known.count == 1)
        let long = String(repeating: "x", count: KnownCertificates.maximumTextBytes) + "\n" + client
        _ = try known.certificates(leaf: long, chain: "")
        #expect(known.count == 1)
    }

    @Test func aVerifierTellsWhatElseWasShown() throws {
        let identity = try PeerVerifier.mesh().verify(client, client + authority, .client).get()
        #expect(identity.intermediates.map(\.serialNumber).count == 1)
        var revoked = RevokedCertificates()
        let root = try CertificateInspector.inspectFirst(pem: authority)
        revoked.insert(fingerprint: root.fingerprint)
        let all = revoked
        guard case .failure = PeerVerifier.mesh().refusing({ all }).verify(client, authority, .client) else {
            Issue.record("a certificate of a revoked authority was accepted")
            return
        }
    }
}

import MeshCore
import Testing

@Suite struct RevokedCertificatesTests {
    private let peer = PeerIdentity(
        commonName: "remote-kos",
        issuer: "CN=Mesh CA",
        serialNumber: "0a1b2c",
        fingerprint: String(repeating: "ab", count: 32),
        intermediates: [
            CertificateID(issuer: "CN=Root", serialNumber: "77", fingerprint: String(repeating: "cd", count: 32))
        ]
    )

    private func refusal(_ change: (inout RevokedCertificates) throws -> Void) rethrows -> String? {
        var revoked = RevokedCertificates()
        try change(&revoked)
        return revoked.refusal(of: peer)
    }

    @Test func whoIsNotNamedIsNotRefused() {
        #expect(refusal { _ in } == nil)
        let others = refusal {
            $0.insert(fingerprint: String(repeating: "ac", count: 32))
            $0.insert(serialNumber: "0a1b2d", issuer: nil)
            $0.insert(serialNumber: "0a1b2c", issuer: "CN=Other CA")
            $0.insert(commonName: "remote")
        }
        #expect(others == nil)
    }

    @Test func aFingerprintRevokesInEveryWayOfWritingIt() {
        let upperCase = Array(repeating: "AB", count: 32).joined(separator: ":")
        #expect(refusal { $0.insert(fingerprint: upperCase) }?.contains("0a1b2c") == true)
    }

    @Test(arguments: ["0a1b2c", "A1B2C", "0A:1B:2C", "000a1b2c"])
    func aSerialNumberRevokesInEveryWayOfWritingIt(number: String) {
        #expect(refusal { $0.insert(serialNumber: number, issuer: "CN=Mesh CA") } != nil)
        #expect(refusal { $0.insert(serialNumber: number, issuer: nil) } != nil)
    }

    @Test func aCommonNameRevokesWhoeverHasIt() {
        #expect(refusal { $0.insert(commonName: "remote-kos") }?.contains("remote-kos") == true)
    }

    @Test func whoLeadsToTheRootOverARevokedCertificateIsRefused() {
        let text = refusal { $0.insert(serialNumber: "77", issuer: "CN=Root") }
        #expect(text?.contains("leading to the root") == true)
        #expect(refusal { $0.insert(fingerprint: String(repeating: "cd", count: 32)) } != nil)
    }

    @Test func unionsRevokeWhatEitherRevokes() {
        var one = RevokedCertificates()
        one.insert(serialNumber: "1", issuer: "CN=Mesh CA")
        one.insert(commonName: "x")
        var other = RevokedCertificates()
        other.insert(fingerprint: peer.fingerprint)
        other.insert(serialNumber: "1", issuer: "CN=Mesh CA")
        other.insert(serialNumber: "2", issuer: nil)
        one.formUnion(other)
        #expect(one.count == 4)
        #expect(one.refusal(of: peer) != nil)
        #expect(RevokedCertificates().isEmpty && !one.isEmpty)
    }

    @Test func textsNameCertificates() throws {
        let fingerprint = "sha256:" + Array(repeating: "AB", count: 32).joined(separator: ":")
        for text in [fingerprint, "serial:0A:1B:2C", "serial:a1b2c", "cn:remote-kos"] {
            #expect(try refusal { revoked throws in try revoked.insert(parsing: text) } != nil, "\(text)")
        }
    }

    @Test(arguments: [
        "", "remote-kos", "cn:", "sha256:ab", "sha256:" + String(repeating: "g", count: 64), "serial:", "serial:xyz",
        "serial:" + String(repeating: "1", count: 65), "md5:ab", "CN:remote",
    ])
    func aTextThatNamesNothingIsAnErrorThatShowsIt(text: String) {
        let error = #expect(throws: RevocationTextError.self) {
            try refusal { revoked throws in try revoked.insert(parsing: text) }
        }
        #expect(error?.message.contains("'\(text)'") == true)
    }

    @Test func aNameOfAnyLengthMakesAShortMessage() {
        var revoked = RevokedCertificates()
        let name = String(repeating: "n", count: 100_000)
        revoked.insert(commonName: name)
        #expect((revoked.refusal(of: PeerIdentity(commonName: name))?.count ?? .max) < 300)
    }

    @Test func aVerifierRefusesWhatIsRevokedWhenItJudges() {
        let peer = peer
        let revoked = Locked(RevokedCertificates())
        let verifier = PeerVerifier { leaf, _, _ in
            leaf.isEmpty ? .failure(PeerVerificationError("none")) : .success(peer)
        }.refusing { revoked.withLock { $0 } }
        #expect(verifier.verify("leaf", "", .client) == .success(peer))
        revoked.withLock { $0.insert(commonName: "remote-kos") }
        guard case .failure(let error) = verifier.verify("leaf", "", .client) else {
            Issue.record("a revoked certificate was accepted")
            return
        }
        #expect(error.message.contains("revoked"))
        // What the rules refuse is refused for their reason.
        #expect(verifier.verify("", "", .client) == .failure(PeerVerificationError("none")))
    }
}

import MeshCore
import Testing

@Suite struct PeerVerifierRevocationTests {
    private struct Seen: Hashable, Sendable {
        var readings = 0
        var judgements = 0
    }

    /// Takes the leaf for the holder's name.
    private func naming(_ seen: Locked<Seen>) -> PeerVerifier {
        PeerVerifier(reading: { leaf, _ in
            seen.withLock { $0.readings += 1 }
            return { _ in
                seen.withLock { $0.judgements += 1 }
                return .success(PeerIdentity(commonName: leaf))
            }
        })
    }

    @Test func aCertificateIsReadOnceAndJudgedAsOftenAsAsked() throws {
        let seen = Locked(Seen())
        let judge = naming(seen).reading("kos", "")
        for _ in 0..<3 { #expect(try judge(.client).get().commonName == "kos") }
        #expect(seen.withLock { $0 } == Seen(readings: 1, judgements: 3))
    }

    @Test func aVerifierOfAPlainFunctionIsAskedWithTheTextsEachTime() {
        let asked = Locked<[String]>([])
        let verifier = PeerVerifier { leaf, chain, _ in
            asked.withLock { $0.append(leaf + chain) }
            return .failure(PeerVerificationError("no"))
        }
        let judge = verifier.reading("a", "b")
        #expect(judge(.client) == .failure(PeerVerificationError("no")))
        #expect(judge(.client) == verifier.verify("c", "d", .client))
        #expect(asked.withLock { $0 } == ["ab", "ab", "cd"])
    }

    @Test func whatIsRevokedIsLookedAtAtEachJudgement() {
        let seen = Locked(Seen())
        let revoked = Locked(RevokedCertificates())
        let judge = naming(seen).refusing { revoked.withLock { $0 } }.reading("kos", "")
        #expect((try? judge(.client).get()) != nil)
        revoked.withLock { $0.insert(commonName: "kos") }
        #expect((try? judge(.client).get()) == nil)
        revoked.withLock { $0 = RevokedCertificates() }
        #expect((try? judge(.client).get()) != nil)
        #expect(seen.withLock { $0.readings } == 1)
    }
}

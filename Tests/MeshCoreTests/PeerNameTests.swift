import MeshCore
import Testing

@Suite struct PeerNameTests {
    private func name(
        _ commonName: String?, dns: [String] = [], uris: [String] = [], serial: String = "1", fingerprint: String = "ab"
    ) -> PeerName {
        PeerName(
            PeerIdentity(
                commonName: commonName, dnsNames: dns, uris: uris, serialNumber: serial, fingerprint: fingerprint
            )
        )
    }

    @Test func aRenewedCertificateIsCountedWithTheOneBefore() {
        #expect(name("remote", serial: "1", fingerprint: "ab") == name("remote", serial: "2", fingerprint: "cd"))
    }

    @Test func otherNamesAreCountedApart() {
        let names = [
            name("remote"), name("remote-kos"), name("remote", dns: ["a"]), name("remote", uris: ["a:b"]),
            name(nil, dns: ["a"]), name(nil, uris: ["a"]), name(nil), name(nil, fingerprint: "cd"),
        ]
        #expect(Set(names).count == names.count)
    }

    @Test func aPeerIsCalledByItsFirstName() {
        #expect(name("remote", dns: ["a"]).description == "remote")
        #expect(name(nil, dns: ["a", "b"], uris: ["c:d"]).description == "a")
        #expect(name(nil, uris: ["c:d"]).description == "c:d")
        #expect(name(nil, fingerprint: "cd").description == "cd")
        #expect(name(String(repeating: "x", count: 10_000)).description.count == 101)
    }
}

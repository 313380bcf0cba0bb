import MeshCore
import MeshWatcher
import Testing

@Suite struct AccessRoleTests {
    private func matches(_ text: String, _ peer: PeerIdentity) throws -> Bool {
        try AccessRole.Match(parsing: text).matches(peer)
    }

    private let full = PeerIdentity(
        commonName: "bench-1",
        dnsNames: ["agent.kos", "*.mesh.cilium.io"],
        uris: ["spiffe://kos/agent"]
    )

    @Test(arguments: [
        "cn:bench-1", "cn:bench*", "cn:bench-1*", "cn:*", "dns:agent.kos", "dns:agent.*", "uri:spiffe://kos/agent",
        "uri:spiffe://kos/*",
    ])
    func aNameMatchesExactlyOrByItsBeginning(text: String) throws {
        #expect(try matches(text, full))
    }

    @Test(arguments: [
        "cn:bench", "cn:bench-10", "cn:Bench*", "cn:ench*", "cn:agent.kos", "dns:bench*", "dns:agent.ko",
        "uri:spiffe://kos", "uri:agent*", "dns:spiffe*",
    ])
    func nothingElseMatches(text: String) throws {
        #expect(try !matches(text, full))
    }

    @Test(arguments: ["cn:*", "dns:*", "uri:*"])
    func aStarAloneNeedsSomeName(text: String) throws {
        #expect(try !matches(text, PeerIdentity(commonName: nil)))
    }

    @Test func aStarHasNoMeaningInANameThatIsNotParsed() {
        #expect(AccessRole.Match.dnsName("*.mesh.cilium.io").matches(full))
        #expect(!AccessRole.Match.commonName("bench*").matches(full))
        #expect(AccessRole.Match.commonName(withPrefix: "bench").matches(full))
        #expect(AccessRole.Match.dnsName(withPrefix: "agent").matches(full))
        #expect(AccessRole.Match.uri(withPrefix: "spiffe:").matches(full))
    }

    @Test(arguments: ["cn:caf\u{E9}-1", "cn:caf\u{E9}*"])
    func namesAreComparedByBytes(text: String) throws {
        // The same letter to a reader, other bytes: "é" in one and in two scalars.
        #expect(try !matches(text, PeerIdentity(commonName: "cafe\u{301}-1")))
        #expect(try matches(text, PeerIdentity(commonName: "caf\u{E9}-1")))
    }

    @Test(arguments: ["", "bench", "cn", "cn:", "mail:a@b", "CN:bench", ":bench", " cn:bench", "cn:a*b", "cn:**"])
    func aTextThatDescribesNobodyIsAnErrorThatShowsIt(text: String) {
        let error = #expect(throws: AccessTextError.self) { try AccessRole.Match(parsing: text) }
        #expect(error?.message.contains("'\(text)'") == true)
    }

    @Test(arguments: ["cn:bench", "cn:bench*", "dns:agent.kos", "uri:spiffe://kos/*", "cn:*"])
    func theTextIsWhatAMatchIsCalled(text: String) throws {
        #expect(try AccessRole.Match(parsing: text).description == text)
    }

    @Test func remoteClustersAreNotWhateverBeginsWithRemote() {
        let evil = PeerIdentity(commonName: "remoteevil")
        #expect(!AccessRole.Match.remoteCluster.matches(evil))
        #expect(AccessRole.Match.commonName(withPrefix: "remote").matches(evil))
    }

    @Test func aRoleIsWhoAndWhat() throws {
        #expect(try AccessRole(parsing: "cn:bench=*") == AccessRole(.commonName("bench"), mayRead: [.all]))
        #expect(
            try AccessRole(parsing: "cn:bench*=cilium/state/*")
                == AccessRole(.commonName(withPrefix: "bench"), mayRead: [.prefix("cilium/state/")])
        )
        // Only the first sign divides: keys of identities have more of them.
        #expect(
            try AccessRole(parsing: "uri:spiffe://a/b=k8s:app=web")
                == AccessRole(.uri("spiffe://a/b"), mayRead: [.key("k8s:app=web")])
        )
    }

    @Test(arguments: [("cn:bench", "'='"), ("bench=*", "cn:NAME"), ("cn:bench=", "empty"), ("cn:bench=a*b", "*")])
    func aTextThatIsNoRoleIsAnErrorThatSaysWhatIsMissing(text: String, hint: String) {
        let error = #expect(throws: AccessTextError.self) { try AccessRole(parsing: text) }
        #expect(error?.message.contains(hint) == true)
    }
}

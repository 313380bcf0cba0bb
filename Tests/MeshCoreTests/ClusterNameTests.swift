import Testing

@testable import MeshCore

@Suite struct ClusterNameTests {
    @Test(arguments: ["a", "athens", "a-b", "0", "9-9", "default", String(repeating: "x", count: 32)])
    func takesWhatCiliumTakes(name: String) throws {
        #expect(try ClusterName(name).rawValue == name)
    }

    @Test(arguments: [
        "", "-a", "a-", "-", "A", "a_b", "a.b", "a/b", "ä", "a b", "a\n", "a\u{0}", String(repeating: "x", count: 33),
    ])
    func refusesWhatCiliumRefuses(name: String) {
        #expect(throws: ClusterNamingError.self) { try ClusterName(name) }
    }

    @Test func saysWhichRuleANameBreaks() {
        #expect(throws: ClusterNamingError(message: "a cluster's name is empty")) { try ClusterName("") }
        let long = String(repeating: "x", count: 50)
        #expect {
            try ClusterName(long)
        } throws: { error in
            "\(error)".contains("50 characters") && !"\(error)".contains(long)
        }
    }

    @Test func isOrderedAsText() throws {
        let names = try ["kos", "athens", "hurup"].map { name in try ClusterName(name) }
        #expect(names.sorted().map(\.rawValue) == ["athens", "hurup", "kos"])
    }
}

@Suite struct ClusterIDTests {
    @Test func liesInItsNumberSpace() throws {
        #expect(try ClusterID(1).rawValue == 1)
        #expect(try ClusterID(255).rawValue == 255)
        #expect(try ClusterID(511, in: .clusters511).rawValue == 511)
        for (number, space) in [
            (0, .clusters255), (256, .clusters255), (512, .clusters511), (-1, .clusters255), (Int.max, .clusters511),
            (Int.min, .clusters511),
        ] as [(Int, ClusterID.Space)] {
            #expect(throws: ClusterNamingError.self) { try ClusterID(number, in: space) }
        }
        #expect(throws: ClusterNamingError(message: "cluster ID 256 is not in 1…255")) { try ClusterID(256) }
    }

    @Test func ownsIdentitiesThatNoOtherClusterOwns() throws {
        #expect(try ClusterID(1).identities() == 0x01_0000...0x01_FFFF)
        #expect(try ClusterID(255).identities() == 0xFF_0000...0xFF_FFFF)
        #expect(try ClusterID(1).identities(in: .clusters511) == 0x00_8000...0x00_FFFF)
        #expect(try ClusterID(511, in: .clusters511).identities(in: .clusters511) == 0xFF_8000...0xFF_FFFF)
        for space in [ClusterID.Space.clusters255, .clusters511] {
            for number in 1..<space.rawValue {
                let own = try ClusterID(number, in: space).identities(in: space)
                let next = try ClusterID(number + 1, in: space).identities(in: space)
                #expect(own.upperBound + 1 == next.lowerBound)
            }
        }
    }
}

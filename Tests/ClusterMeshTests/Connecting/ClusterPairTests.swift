import MeshCore
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct ClusterPairTests {
    /// Why two clusters cannot be connected; empty if they can.
    private func reasons(_ first: ConnectableCluster, _ second: ConnectableCluster) -> [String] {
        do throws(ClusterConnectionError) {
            _ = try ClusterPair(first, second)
            return []
        } catch {
            return error.reasons
        }
    }

    @Test func clustersThatDifferWhereTheyMustGoTogether() throws {
        let athens = try ConnectableCluster.sample("athens", id: 1, podCIDRs: ["10.1.0.0/16", "fd00:1::/48"])
        let hurup = try ConnectableCluster.sample("hurup", id: 2, podCIDRs: ["10.2.0.0/16", "fd00:2::/48"])
        #expect(reasons(athens, hurup) == [])
        #expect(reasons(hurup, athens) == [])
    }

    @Test func equalNamesAreRefused() throws {
        var other = try ConnectableCluster.sample("athens", id: 2)
        other.directory = "elsewhere"
        #expect(
            reasons(try .sample("athens", id: 1), other) == [
                "athens and elsewhere are both called 'athens'; names are unique in a mesh"
            ])
    }

    @Test func equalNumbersAreRefused() throws {
        #expect(
            reasons(try .sample("athens", id: 7), try .sample("hurup", id: 7)) == [
                "'athens' and 'hurup' both have ID 7; IDs are unique in a mesh, as identities are numbered by them"
            ])
    }

    @Test func anotherNumberOfClustersIsRefused() throws {
        #expect(
            reasons(try .sample("athens", id: 1), try .sample("hurup", id: 2, space: .clusters511)) == [
                "'athens' is set up for 255 clusters and 'hurup' for 511; 'max-clusters' must be the same in all clusters "
                    + "of a mesh"
            ])
    }

    @Test func anotherAuthorityIsRefusedOnBothSides() throws {
        let found = reasons(try .sample("athens", id: 1), try .sample("hurup", id: 2, authorities: ["bb22"]))
        #expect(found.count == 4)
        #expect(found[0].hasPrefix("athens/ca.crt lacks the authority of 'hurup', CN=bb22 CA (SHA-256 bb22…)"))
        #expect(found[1].hasPrefix("hurup/ca.crt lacks the authority of 'athens', CN=aa11 CA"))
        #expect(found[2] == "athens/clients/remote-athens.crt comes from CN=aa11 CA, which 'hurup' does not trust")
        #expect(found[3] == "hurup/clients/remote-hurup.crt comes from CN=bb22 CA, which 'athens' does not trust")
    }

    @Test func authoritiesThatTrustEachOtherAreEnough() throws {
        let athens = try ConnectableCluster.sample("athens", id: 1, authorities: ["aa11", "bb22"])
        let hurup = try ConnectableCluster.sample("hurup", id: 2, authorities: ["bb22", "aa11"])
        #expect(reasons(athens, hurup) == [])
        // One-sided trust lets only one of the two connections be made.
        let kos = try ConnectableCluster.sample("kos", id: 3, authorities: ["bb22"])
        #expect(reasons(athens, kos).count == 2)
    }

    @Test func aCertificateThatIsNotTheClustersIsRefused() throws {
        var athens = try ConnectableCluster.sample("athens", id: 1)
        athens.client.description = try ConnectableCluster.sample("kos", id: 3).client.description
        #expect(
            reasons(athens, try .sample("hurup", id: 2)) == [
                "athens/clients/remote-athens.crt is CN=remote-kos; other clusters let 'athens' read as CN=remote-athens"
            ])
    }

    @Test func aCertificateOfAnotherKeyOfTheSameNameIsRefused() throws {
        var athens = try ConnectableCluster.sample("athens", id: 1)
        var hurup = try ConnectableCluster.sample("hurup", id: 2)
        athens.client.description.authorityKeyID = "01"
        hurup.authorities[0].subjectKeyID = "02"
        #expect(reasons(athens, hurup).count == 1)
        hurup.authorities[0].subjectKeyID = "01"
        #expect(reasons(athens, hurup) == [])
    }

    @Test func overlappingPodsAreRefused() throws {
        let athens = try ConnectableCluster.sample("athens", id: 1, podCIDRs: ["10.1.0.0/16", "10.3.0.0/24"])
        let hurup = try ConnectableCluster.sample("hurup", id: 2, podCIDRs: ["10.0.0.0/24", "10.3.0.0/16"])
        let reason =
            "the pods' addresses overlap: 10.3.0.0/24 of 'athens' and 10.3.0.0/16 of 'hurup'; an address must be one "
            + "pod's in the whole mesh"
        #expect(reasons(athens, hurup) == [reason])
    }

    @Test func everyReasonIsTold() throws {
        let athens = try ConnectableCluster.sample("athens", id: 1, podCIDRs: ["10.1.0.0/16"])
        var other = try ConnectableCluster.sample("athens", id: 1, podCIDRs: ["10.1.2.0/24"])
        other.directory = "elsewhere"
        #expect(reasons(athens, other).count == 3)
    }

    /// Against comparing each with each.
    @Test(arguments: 0..<20) func anOverlapIsFoundWhereverItIs(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<50 {
            func ranges() -> [IPPrefix] {
                (0..<Int.random(in: 0...5, using: &random)).compactMap { _ in
                    let address = IPAddress(v4: UInt32.random(in: 0...255, using: &random) << 20)
                    return IPPrefix(address, length: Int.random(in: 6...14, using: &random))
                }
            }
            let (first, second) = (ranges(), ranges())
            let found = ClusterPair.overlap(first, second)
            let isThere = first.contains { mine in second.contains { $0.overlaps(mine) } }
            #expect((found != nil) == isThere, "\(first) \(second)")
            if let found {
                #expect(found.0.overlaps(found.1))
                #expect(first.map(\.masked).contains(found.0) && second.map(\.masked).contains(found.1))
            }
        }
    }
}

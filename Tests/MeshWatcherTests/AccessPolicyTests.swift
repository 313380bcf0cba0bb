import MeshCore
import MeshWatcher
import Testing

@Suite struct AccessPolicyTests {
    private let policy: AccessPolicy

    init() throws {
        policy = .cilium(cluster: try ClusterName("athens"))
    }

    private func keys(_ commonName: String?) -> KeyRangeSet {
        policy.readableKeys(for: PeerIdentity(commonName: commonName))
    }

    @Test(arguments: ["remote", "remote-hurup", "remote-athens", "remote-a-1"])
    func remoteClustersReadOwnStateConfigurationCanariesAndHeartbeat(name: String) {
        let readable = keys(name)
        #expect(readable.contains(.key("cilium/.heartbeat")))
        #expect(readable.contains(.prefix("cilium/state/")))
        #expect(readable.contains(.prefix("cilium/state/nodes/v1/athens/")))
        #expect(readable.contains(.key("cilium/cluster-config/athens")))
        #expect(readable.contains(.prefix("cilium/synced/athens/")))
    }

    @Test func remoteClustersReadNothingElse() {
        let readable = keys("remote")
        #expect(!readable.contains(.all))
        #expect(!readable.contains(.prefix("cilium/")))
        #expect(!readable.contains(.prefix("cilium/cache/")))
        #expect(!readable.contains(.prefix("cilium/state")))
        #expect(!readable.contains(.key("cilium/cluster-config/hurup")))
        #expect(!readable.contains(.prefix("cilium/cluster-config/athens")))
        #expect(!readable.contains(.prefix("cilium/cluster-config/")))
        #expect(!readable.contains(.prefix("cilium/synced/athens2/")))
        #expect(!readable.contains(.key("other")))
    }

    @Test func localReadersReadTheCacheAndAllConfigurationsAndCanaries() {
        let readable = keys("local-athens")
        #expect(readable.contains(.prefix("cilium/cache/")))
        #expect(readable.contains(.prefix("cilium/cluster-config/")))
        #expect(readable.contains(.prefix("cilium/synced/")))
        #expect(readable.contains(.prefix("cilium/.heartbeat")))
        #expect(!readable.contains(.prefix("cilium/state/")))
    }

    @Test(
        arguments: [
            nil, "", "local-hurup", "remotes", "remote-", "Remote", "remote-Hurup", "remote--x", "xremote-hurup",
            "remote-hurup.evil", "remote-" + String(repeating: "a", count: 33),
        ]
    )
    func othersReadNothing(name: String?) {
        #expect(keys(name).isEmpty)
    }

    @Test func onlyAdmittedClustersReadWhereTheyAreNamed() throws {
        let policy = AccessPolicy.cilium(
            cluster: try ClusterName("athens"), admitting: [try ClusterName("shared"), try ClusterName("kos")])
        func readable(_ name: String) -> KeyRangeSet { policy.readableKeys(for: PeerIdentity(commonName: name)) }
        for name in ["remote-shared", "remote-kos"] {
            #expect(readable(name) == keys("remote-kos"))
        }
        // A certificate without a cluster's name says nothing of who reads.
        for name in ["remote", "remote-hurup", "remote-shared2", "remote-share"] { #expect(readable(name).isEmpty) }
        #expect(readable("local-athens") == keys("local-athens"))
    }

    @Test func whereNoClusterIsAdmittedOnlyTheOwnReadersRead() throws {
        let policy = AccessPolicy.cilium(cluster: try ClusterName("athens"), admitting: [])
        #expect(policy.readableKeys(for: PeerIdentity(commonName: "remote-kos")).isEmpty)
        #expect(!policy.readableKeys(for: PeerIdentity(commonName: "local-athens")).isEmpty)
    }

    @Test func addedRolesAreJoinedWithTheDefaults() throws {
        let policy = AccessPolicy.cilium(
            cluster: try ClusterName("athens"),
            adding: [
                AccessRole(.commonName("reader"), mayRead: [.all]),
                AccessRole(.commonName("remote"), mayRead: [.interval("cilium/state0", "cilium/t")]),
            ]
        )
        #expect(policy.readableKeys(for: PeerIdentity(commonName: "reader")).contains(.all))
        // Two roles of one peer whose ranges touch allow what lies in both together.
        let remote = policy.readableKeys(for: PeerIdentity(commonName: "remote"))
        #expect(remote.contains(.interval("cilium/state/nodes", "cilium/state9")))
    }

    @Test func alternativeNamesGiveRoles() {
        let policy = AccessPolicy(
            roles: [
                AccessRole(.dnsName("reader.mesh.example"), mayRead: [.prefix("a")]),
                AccessRole(.uri("spiffe://mesh/reader"), mayRead: [.prefix("b")]),
            ]
        )
        let both = PeerIdentity(
            commonName: "x",
            dnsNames: ["y", "reader.mesh.example"],
            uris: ["spiffe://mesh/reader"]
        )
        #expect(policy.readableKeys(for: both).contains(.interval("a", "c")))
        #expect(policy.readableKeys(for: PeerIdentity(commonName: "reader.mesh.example")).isEmpty)
        #expect(policy.readableKeys(for: PeerIdentity(commonName: "spiffe://mesh/reader")).isEmpty)
    }

    @Test func whoHasNoRoleIsNotToldThatARangeIsEmpty() {
        #expect(!keys("stranger").contains(.interval("b", "a")))
    }
}

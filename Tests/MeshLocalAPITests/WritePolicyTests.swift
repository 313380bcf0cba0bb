import MeshCore
import MeshLocalAPI
import MeshWatcher
import TestSupport
import Testing

@Suite struct WritePolicyTests {
    private let athens: ClusterName

    init() throws {
        athens = try ClusterName("athens")
    }

    private static let own: [Key] = [
        "cilium/state/nodes/v1/athens/node-1", "cilium/state/ip/v1/default/10.0.0.1", "cilium/.heartbeat",
        "cilium/.initlock/1f3a", "cilium/cluster-config/athens", "cilium/synced/athens/cilium/state/nodes/v1",
        "cilium", "cilium0", "a", "\u{0}", "zzz", "my-lock/694d", "/etcdctl-check-perf/1", "cilium/cach",
        "cilium/cache",
        "cilium/cache0", "cilium/cluster-config", "cilium/synced", "cilium/synced0/hurup",
    ]

    private static let foreign: [Key] = [
        "cilium/cache/nodes/v1/hurup/node-1", "cilium/cache/", "cilium/cache/nodes/v1/athens/node-1",
        "cilium/cluster-config/hurup", "cilium/cluster-config/", "cilium/cluster-config/athens2",
        "cilium/cluster-config/athens/", "cilium/cluster-config/athen", "cilium/synced/hurup/cilium/cache/nodes/v1",
        "cilium/synced/", "cilium/synced/athens", "cilium/synced/athens0", "cilium/synced/athens2/x",
    ]

    @Test func everyKeyThatIsNotAnotherClustersMayBeWritten() {
        let policy = WritePolicy.cilium(cluster: athens)
        for key in Self.own { #expect(policy.writable.contains(key), "\(key)") }
        for key in Self.foreign { #expect(!policy.writable.contains(key), "\(key)") }
    }

    @Test func rangesThatReachIntoAnotherClustersKeysMayNotBeWritten() {
        let writable = WritePolicy.cilium(cluster: athens).writable
        for range: KeyRange in [
            .prefix("cilium/state/"), .prefix("cilium/synced/athens/"), .prefix("my-lock/"), .from("cilium/synced0"),
            .interval("a", "cilium/cache/"), .interval("cilium/cache0", "cilium/cluster-config/"),
        ] {
            #expect(writable.contains(range), "\(range)")
        }
        for range: KeyRange in [
            .all, .prefix("cilium/"), .prefix("c"), .from("cilium/cache"), .prefix("cilium/synced/"),
            .prefix("cilium/cluster-config/"), .prefix("cilium/cluster-config/athens"),
            .interval("a", "cilium/cache/0"),
            .prefix("cilium/cache/nodes/v1/athens/"),
        ] {
            #expect(!writable.contains(range), "\(range)")
        }
    }

    @Test func withCacheWritesEverythingMayBeWritten() {
        let policy = WritePolicy.cilium(cluster: athens, allowsCacheWrites: true)
        for key in Self.own + Self.foreign { #expect(policy.writable.contains(key), "\(key)") }
        #expect(policy.writable.contains(.all))
        #expect(policy.writers == WritePolicy.cilium(cluster: athens).writers)
    }

    /// The set by its rule, key by key.
    @Test func randomKeysAreJudgedByTheirPrefix() async throws {
        let writable = WritePolicy.cilium(cluster: athens).writable
        try await withRandomNumbers { numbers in
            let pieces = [
                "cilium", "/", "cache", "cluster-config", "synced", "athens", "hurup", "0", ".", "\u{0}", "ÿ",
            ]
            for _ in 0..<20_000 {
                let count = Int.random(in: 1...6, using: &numbers)
                let text = (0..<count).map { _ in pieces.randomElement(using: &numbers) ?? "" }.joined()
                let isShared = ["cilium/cache/", "cilium/cluster-config/", "cilium/synced/"]
                    .contains { text.utf8.starts(with: $0.utf8) }
                let isOwn = text == "cilium/cluster-config/athens" || text.hasPrefix("cilium/synced/athens/")
                #expect(writable.contains(Key(text)) == (!isShared || isOwn), "\(text)")
            }
        }
    }

    @Test func writersAreTheAdminsOfTheClusterOrThoseNamed() {
        let usual = WritePolicy.cilium(cluster: athens)
        #expect(usual.allows(PeerIdentity(commonName: "admin-athens")))
        for name in ["admin-hurup", "admin-athens2", "admin", "remote", "remote-athens", "local-athens", nil] {
            #expect(!usual.allows(PeerIdentity(commonName: name)), "\(name ?? "no name")")
        }
        let named = WritePolicy.cilium(
            cluster: athens, writers: [.commonName("writer"), .uri("spiffe://mesh/writer")]
        )
        #expect(named.allows(PeerIdentity(commonName: "writer")))
        #expect(named.allows(PeerIdentity(commonName: nil, uris: ["spiffe://mesh/writer"])))
        #expect(!named.allows(PeerIdentity(commonName: "admin-athens")))
        #expect(!WritePolicy(writers: [], writable: KeyRangeSet([.all])).allows(PeerIdentity(commonName: "root")))
    }
}

import MeshCore
import MeshRecords
import Testing

@Suite("KeyLayout")
struct KeyLayoutTests {
    private let shopCart = ServiceName(namespace: "shop", name: "cart")

    @Test func keysAreThoseOfCilium() throws {
        let kos = try ClusterName("kos")
        #expect(KeyLayout.heartbeat == "cilium/.heartbeat")
        #expect(KeyLayout.clusterConfig(of: kos) == "cilium/cluster-config/kos")
        #expect(KeyLayout.canary(of: kos, for: .node) == "cilium/synced/kos/cilium/state/nodes/v1")
        #expect(KeyLayout.canary(of: kos, for: .service) == "cilium/synced/kos/cilium/state/services/v1")
        #expect(KeyLayout.canary(of: kos, for: .identity) == "cilium/synced/kos/cilium/state/identities/v1")
        #expect(KeyLayout.canary(of: kos, for: .ip) == "cilium/synced/kos/cilium/state/ip/v1")
        #expect(
            KeyLayout.canary(of: kos, for: .serviceExport) == "cilium/synced/kos/cilium/state/serviceexports/v1")
        let keys: [(RecordKey, Key)] = [
            (.node("n1"), "cilium/state/nodes/v1/kos/n1"),
            (.service(shopCart), "cilium/state/services/v1/kos/shop/cart"),
            (.identity(196_608), "cilium/state/identities/v1/id/196608"),
            (.ip(.address(try IPAddress("10.4.0.1"))), "cilium/state/ip/v1/default/10.4.0.1"),
            (.ip(.cidr(try IPPrefix("10.4.0.0/24"))), "cilium/state/ip/v1/default/10.4.0.0/24"),
            (.ip(.address(try IPAddress("fd00::1"))), "cilium/state/ip/v1/default/fd00::1"),
            (.serviceExport(shopCart), "cilium/state/serviceexports/v1/kos/shop/cart"),
        ]
        for (recordKey, key) in keys {
            #expect(recordKey.key(in: kos) == key)
            #expect(key.hasPrefix(recordKey.kind.prefix(of: kos)))
            #expect(key.hasPrefix(recordKey.kind.prefix()))
            #expect(key.hasPrefix(KeyLayout.state))
        }
    }

    @Test func keysOfCopiesAllNameTheirOwner() throws {
        let kos = try ClusterName("kos")
        #expect(KeyLayout.canary(of: kos, for: .ip, in: .cached) == "cilium/synced/kos/cilium/cache/ip/v1")
        #expect(RecordKind.node.basePrefix(in: .cached) == "cilium/cache/nodes/v1")
        let keys: [(RecordKey, Key)] = [
            (.node("n1"), "cilium/cache/nodes/v1/kos/n1"),
            (.service(shopCart), "cilium/cache/services/v1/kos/shop/cart"),
            (.identity(196_608), "cilium/cache/identities/v1/kos/id/196608"),
            (.ip(.address(try IPAddress("10.4.0.1"))), "cilium/cache/ip/v1/kos/10.4.0.1"),
            (.ip(.cidr(try IPPrefix("fd00::/64"))), "cilium/cache/ip/v1/kos/fd00::/64"),
            (.serviceExport(shopCart), "cilium/cache/serviceexports/v1/kos/shop/cart"),
        ]
        for (recordKey, key) in keys {
            #expect(recordKey.key(in: kos, layout: .cached) == key)
            #expect(key.hasPrefix(recordKey.kind.prefix(of: kos, in: .cached)))
            #expect(key.hasPrefix(recordKey.kind.prefix(in: .cached)))
            #expect(key.hasPrefix(KeyLayout.cache))
            #expect(try StateKey(parsing: key) == .record(recordKey, cluster: kos, .cached))
        }
    }

    @Test func everyKeyIsReadBack() throws {
        let kos = try ClusterName("kos")
        #expect(try StateKey(parsing: KeyLayout.heartbeat) == .heartbeat)
        #expect(try StateKey(parsing: KeyLayout.clusterConfig(of: kos)) == .clusterConfig(kos))
        for kind in RecordKind.allCases {
            for layout in RecordLayout.allCases {
                let canary = KeyLayout.canary(of: kos, for: kind, in: layout)
                #expect(try StateKey(parsing: canary) == .canary(kos, kind, layout))
                #expect(canary.hasPrefix(KeyLayout.canaries(of: kos)))
            }
        }
        for key in [RecordKey.service(shopCart), .serviceExport(shopCart), .node("n1")] {
            #expect(try StateKey(parsing: key.key(in: kos)) == .record(key, cluster: kos, .own))
        }
        let cidr = RecordKey.ip(.cidr(try IPPrefix("fd00::/64")))
        #expect(try StateKey(parsing: cidr.key(in: kos)) == .record(cidr, cluster: nil, .own))
        let identity = RecordKey.identity(4_294_967_295)
        #expect(try StateKey(parsing: identity.key(in: kos)) == .record(identity, cluster: nil, .own))
    }

    @Test(arguments: [
        "a", "cilium", "cilium/", "cilium/state/", "cilium/.heartbeat2", "cilium/state/nodes/v2/kos/n1",
        "cilium/state/nodes/v1", "cilium/state/identities/v1/value/k8s:a=b;/10.0.0.1", "cilium/cache/nodes/v2/kos/n1",
        "cilium/cache/identities/v1/id/1/2", "cilium/cache/identities/v1/kos/value/1", "cilium/cache/",
        "cilium/state/endpointslices/v1/kos/shop/cart", "cilium/synced/kos/cilium/state/other/v1",
        "cilium/synced/kos", "cilium/state/ip/v1/other/10.0.0.1",
    ])
    func keysOfNoKnownKindAreUnknown(key: String) {
        let error = #expect(throws: RecordError.self) { try StateKey(parsing: Key(key)) }
        #expect(error?.reason == .unknownKey)
        #expect(error?.key == Key(key))
    }

    @Test(arguments: [
        "cilium/state/nodes/v1/kos", "cilium/state/nodes/v1/kos/", "cilium/state/nodes/v1/kos/a/b",
        "cilium/state/nodes/v1//n1", "cilium/state/nodes/v1/Kos/n1", "cilium/state/nodes/v1/kos/nø",
        "cilium/state/services/v1/kos/cart", "cilium/state/services/v1/kos//cart",
        "cilium/state/services/v1/kos/shop/", "cilium/state/services/v1/kos/shop/cart/x",
        "cilium/state/identities/v1/id/", "cilium/state/identities/v1/id/01", "cilium/state/identities/v1/id/+1",
        "cilium/state/identities/v1/id/4294967296", "cilium/state/identities/v1/id/1/2",
        "cilium/state/ip/v1/default/", "cilium/state/ip/v1/default/10.0.0", "cilium/state/ip/v1/default/FD00::1",
        "cilium/state/ip/v1/default/10.0.0.1/16", "cilium/state/ip/v1/default/10.0.0.0/33",
        "cilium/state/ip/v1/default/fe80::1%eth0", "cilium/cluster-config/", "cilium/cluster-config/A",
        "cilium/synced//cilium/state/nodes/v1", "cilium/state/serviceexports/v1/kos/cart",
        "cilium/cache/nodes/v1/n1", "cilium/cache/ip/v1/10.0.0.1", "cilium/cache/ip/v1/kos/", "cilium/cache/ip/v1//::",
        "cilium/cache/ip/v1/Kos/10.0.0.1", "cilium/cache/ip/v1/kos/10.0.0.0/8/8",
        "cilium/cache/identities/v1/kos/id/01",
    ])
    func keysThatNameNothingAreMalformed(key: String) {
        let error = #expect(throws: RecordError.self) { try StateKey(parsing: Key(key)) }
        #expect(error?.reason == .malformedKey)
        #expect(error?.key == Key(key))
    }

    @Test func keysThatAreNotUTF8AreUnknown() {
        let key = Key(Array("cilium/state/nodes/v1/kos/".utf8) + [0xFF])
        #expect(throws: RecordError(.unknownKey, key: key, "the key is not UTF-8")) { try StateKey(parsing: key) }
    }

    @Test func aClustersPrefixIsNotThatOfALongerName() throws {
        let ab = RecordKey.node("n").key(in: try ClusterName("ab"))
        #expect(!ab.hasPrefix(RecordKind.node.prefix(of: try ClusterName("a"))))
        let cached = RecordKey.ip(.address(try IPAddress("10.0.0.1"))).key(in: try ClusterName("ab"), layout: .cached)
        #expect(!cached.hasPrefix(RecordKind.ip.prefix(of: try ClusterName("a"), in: .cached)))
    }
}

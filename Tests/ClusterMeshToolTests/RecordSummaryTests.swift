import ClusterMesh
import Testing

@testable import clustermesh

@Suite struct RecordSummaryTests {
    private func summary(_ key: String, _ value: [UInt8]) -> RecordSummary? {
        RecordSummary(KeyValue(key: Key(key), modRevision: 2, value: value))
    }

    private func text(_ key: String, _ value: [UInt8]) -> String? { summary(key, value)?.text }

    @Test func aNodeIsItsAddressesAndItsPods() throws {
        var node = NodeRecord(name: "plaka", cluster: "athens", clusterID: 1)
        node.addresses = [.init("InternalIP", try IPAddress("192.0.2.1"))]
        node.ipv4AllocationCIDR = try IPPrefix("10.1.0.0/24")
        node.ipv6SecondaryAllocationCIDRs = [try IPPrefix("fd00::/64")]
        #expect(
            text("cilium/state/nodes/v1/athens/plaka", node.encoded())
                == "node athens/plaka (ID 1): addresses 192.0.2.1, pods 10.1.0.0/24 fd00::/64")
        let bare = NodeRecord(name: "plaka", cluster: "athens", clusterID: 1)
        #expect(
            text("cilium/cache/nodes/v1/athens/plaka", bare.encoded())
                == "copied from athens: node athens/plaka (ID 1): addresses none, pods none")
    }

    @Test func aServiceIsItsBackendsAndWhetherItIsShared() throws {
        let backends = try (1...6).map { try ServiceEndpoint(IPAddress("10.0.0.\($0)"), ports: []) }
        let service = ServiceRecord(
            cluster: "athens", name: ServiceName(namespace: "shop", name: "cart"), clusterID: 1,
            backends: backends, shared: false)
        #expect(
            text("cilium/state/services/v1/athens/shop/cart", service.encoded())
                == "service shop/cart of athens (ID 1): frontends none, backends 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 "
                + "and 2 more, global")
    }

    @Test func theOtherKindsAreTheirMeaning() throws {
        let identity = IdentityRecord(id: 65_537, labels: LabelSet([.init(key: "app", value: "cart")]))
        #expect(text("cilium/state/identities/v1/id/65537", identity.encoded()) == "identity 65537: k8s:app=cart;")
        var ip = IPRecord(ip: .address(try IPAddress("10.0.0.9")), hostIP: try IPAddress("192.0.2.1"), identity: 65_537)
        ip.namespace = "shop"
        ip.podName = "cart-0"
        #expect(
            text("cilium/state/ip/v1/default/10.0.0.9", ip.encoded())
                == "ip 10.0.0.9 on 192.0.2.1: identity 65537, pod shop/cart-0")
        let export = ServiceExportRecord(cluster: "kos", name: ServiceName(namespace: "shop", name: "cart"))
        #expect(
            text("cilium/state/serviceexports/v1/kos/shop/cart", export.encoded())
                == "service export shop/cart of kos: ClusterSetIP, ports none")
    }

    @Test func whatAClusterSaysOfItself() {
        var config = ClusterConfig(id: 3)
        #expect(text("cilium/cluster-config/kos", config.encoded()) == "cluster config of kos: ID 3")
        config.maxConnectedClusters = 511
        config.syncedCanaries = true
        config.cached = true
        config.serviceExportsEnabled = true
        config.endpointSlicesExportMode = "endpointslices-only"
        #expect(
            text("cilium/cluster-config/kos", config.encoded())
                == "cluster config of kos: ID 3, for 511 clusters, with canaries, cached, with service exports, "
                + "endpointslices-only")
        #expect(text("cilium/synced/kos/cilium/state/ip/v1", []) == "the ip records of kos are complete")
        #expect(
            text("cilium/synced/kos/cilium/cache/ip/v1", []) == "the copies of the ip records of kos are complete")
        #expect(text("cilium/.heartbeat", Array("2026-01-01T00:00:00Z".utf8)) == "heartbeat 2026-01-01T00:00:00Z")
    }

    @Test func whatCannotBeReadIsAFault() {
        let broken = summary("cilium/state/nodes/v1/athens/plaka", Array("{".utf8))
        #expect(broken?.isFault == true)
        #expect(broken?.text.hasPrefix("not readable: ") == true)
        let nameless = summary("cilium/state/nodes/v1/athens", [])
        #expect(nameless?.isFault == true)
    }

    @Test func whatIsNoStateHasNoMeaning() {
        #expect(text("config/x", []) == nil)
        #expect(text("cilium/other", []) == nil)
    }
}

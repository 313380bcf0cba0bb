import ClusterMesh
import Logging
import TestSupport
import Testing

/// What clustermesh-apiservers publish in real etcds, read by our agent with no more permissions than Cilium's agents
/// have.
@Suite struct CiliumStateTests {
    private typealias Clusters = [CiliumCluster.Name: CiliumCluster]

    /// Runs `body` with an agent that mirrors the three clusters; their etcds are set up and hold nothing.
    private func reading(_ body: @escaping @Sendable (MeshAgent, Clusters) async throws -> Void) async throws {
        // The common certificate, and one for each cluster: the two ways in which Cilium lets clusters read.
        async let euWest = CiliumCluster.start(.euWest, readers: ["remote"])
        async let north = CiliumCluster.start(.north, readers: ["remote-athens"])
        async let apac = CiliumCluster.start(.apac, readers: ["remote-athens"])
        let clusters = [CiliumCluster.Name.euWest: try await euWest, .north: try await north, .apac: try await apac]
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        configuration.peers = try clusters.map { name, cluster in
            try PeerConfiguration(
                name: name.rawValue, id: name.id, endpoints: [cluster.etcd.endpoint],
                credentials: TestCertificates.client(name == .euWest ? "remote" : "remote-athens"))
        }
        configuration.adjustMirror = { mirror in
            mirror.backoff.firstBound = .milliseconds(50)
            mirror.backoff.maximumBound = .milliseconds(400)
        }
        let agent = try MeshAgent(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await body(agent, clusters)
        }
    }

    private func publishEverything(_ clusters: Clusters) async throws {
        for cluster in clusters.values {
            try await cluster.publishConfig()
            try await cluster.publishState()
            try await cluster.publishCanaries()
        }
    }

    private func expectNothingRefused(_ agent: MeshAgent) {
        for peer in agent.status().peers {
            #expect(peer.rejections.total == 0, "\(peer.cluster): \(peer.rejections.examples)")
        }
    }

    /// Waits until all records of the fixture are in the views.
    private func waitForAll(_ agent: MeshAgent) async throws {
        try await agent.waitUntilSynchronized(timeout: .seconds(60))
        try await eventually("everything is in the views") {
            let views = agent.views
            return views.nodes.snapshot().count == 5 && views.services.snapshot().count == 5
                && views.identities.snapshot().count == 8 && views.ipCache.snapshot().count == 12
        }
    }

    @Test(.timeLimit(.minutes(3))) func whatThreeClustersPublishIsReadIntoTheRightViews() async throws {
        try await reading { agent, clusters in
            try await publishEverything(clusters)
            try await waitForAll(agent)
            expectNothingRefused(agent)
            try expectNodes(agent.views.nodes.snapshot())
            try expectServices(agent.views.services.snapshot())
            try expectIdentities(agent.views.identities.snapshot())
            try expectIPs(agent.views.ipCache.snapshot())
        }
    }

    private func expectNodes(_ nodes: Nodes) throws {
        let names = nodes.all.map { "\($0.cluster)/\($0.node.name)" }
        #expect(
            names == [
                "apac/tok-1", "apac/tok-2", "eu-west/worker-1", "eu-west/worker-2", "north/n-1.north.example",
            ])
        let (euWest, apac) = (try ClusterName("eu-west"), try ClusterName("apac"))
        let plain = try #require(nodes[euWest, "worker-1"])
        #expect(plain.ipv4AllocationCIDR?.description == "10.12.3.0/24")
        #expect(plain.ipv6AllocationCIDR == nil && plain.ipv4SecondaryAllocationCIDRs.isEmpty)
        #expect(plain.annotations.isEmpty && plain.ipv4IngressIP == nil)

        let dual = try #require(nodes[euWest, "worker-2"])
        #expect(dual.ipv4SecondaryAllocationCIDRs.map(\.description) == ["10.12.64.0/26", "10.12.64.64/26"])
        #expect(dual.ipv6AllocationCIDR?.description == "fd12:0:0:4::/64")
        #expect(dual.ipv6SecondaryAllocationCIDRs.map(\.description) == ["fd12:0:0:104::/64"])
        #expect(dual.ipv6HealthIP?.description == "fd12:0:0:4::77")
        #expect(dual.ipv4IngressIP?.description == "10.12.4.78")
        #expect(dual.encryptionKey == 5)
        #expect(dual.labels["team"] == "Grüße")
        #expect(dual.annotations["note"] == "<b>a & b</b> \"quoted\" \\ \u{2028}")
        #expect(dual.addresses.map(\.type).filter { $0 == "CiliumInternalIP" }.count == 2)

        // CIDRs as texts, as later releases will write them.
        let text = try #require(nodes[apac, "tok-2"])
        #expect(text.ipv4AllocationCIDR?.description == "10.200.5.0/24")
        #expect(text.ipv4SecondaryAllocationCIDRs.map(\.description) == ["10.200.65.0/26"])
        #expect(text.ipv6AllocationCIDR?.description == "fd12:ff:0:5::/64")

        #expect(
            nodes.podCIDRConflicts.map(\.description) == [
                "pod range 10.12.4.0/24 of eu-west/worker-2 overlaps 10.12.4.128/25 of apac/tok-1"
            ])
    }

    private func expectServices(_ services: GlobalServices) throws {
        #expect(
            services.all.map(\.name.description) == [
                "net/resolver", "shop/cart", "shop/db", "shop/empty", "shop/ledger",
            ])
        let cart = try #require(services[ServiceName(namespace: "shop", name: "cart")])
        #expect(cart.local == nil)
        #expect(cart.clusters.map(\.rawValue) == ["eu-west", "north"])
        #expect(
            cart.backends.map(\.endpoint.address.description).sorted() == [
                "10.12.3.45", "10.12.4.8", "fd82:0:0:1::2d",
            ])
        #expect(cart.backends.compactMap(\.zone) == [BackendZone("eu-west-1a", forZones: ["eu-west-1a"])])

        // eu-west has one too, and keeps it for itself.
        let ledger = try #require(services[ServiceName(namespace: "shop", name: "ledger")])
        #expect(ledger.clusters.map(\.rawValue) == ["north"])

        let headless = try #require(services[ServiceName(namespace: "shop", name: "db")]?.remotes.first).record
        #expect(headless.frontends.isEmpty)
        #expect(headless.hostnames == ["10.12.3.50": "db-0", "10.12.4.50": "db-1"])

        let resolver = try #require(services[ServiceName(namespace: "net", name: "resolver")])
        #expect(resolver.backends.map(\.endpoint.address.family) == [.v4, .v6])
        #expect(resolver.backends.allSatisfy { $0.endpoint.ports.map(\.transport) == ["UDP", "TCP"] })
        #expect(resolver.remotes.first?.record.labels == ["sprog": "dansk æøå"])

        #expect(services[ServiceName(namespace: "shop", name: "empty")]?.backends.isEmpty == true)
    }

    private func expectIdentities(_ identities: Identities) throws {
        let unicode = try #require(identities[199_474])
        #expect(unicode.cluster.rawValue == "eu-west")
        #expect(unicode.labels["app"]?.value == "καλάθι")
        #expect(unicode.labels["note"]?.value == "a=b")
        #expect(identities[196_608] != nil && identities[262_143] != nil, "both ends of the range of cluster 3")
        #expect(identities[16_777_215]?.labels["app"]?.value == "カート", "the last number there is")
        #expect(identities[8_519_681]?.cluster.rawValue == "north")
    }

    private func expectIPs(_ cache: IPCache) throws {
        func entry(_ text: String) throws -> IPCache.Entry {
            let address = try IPAddress(text)
            return try #require(cache.lookup(address), "\(text)")
        }
        let pod = try entry("10.12.3.45")
        #expect(pod.cluster.rawValue == "eu-west")
        #expect(pod.hostIP?.description == "172.20.0.11")
        #expect(pod.identity == 199_472)
        #expect(pod.record.namedPorts == [IPRecord.NamedPort(name: "http", number: 8080)])

        let ranged = try entry("10.12.130.7")
        #expect(ranged.prefix.description == "10.12.128.0/18")
        #expect(ranged.identity == 199_474)
        #expect(try entry("fd12:0:0:8001::1").prefix.description == "fd12:0:0:8000::/52")
        #expect(try entry("fd82:0:0:1::2d").identity == 8_519_681)
        let nobodys = try IPAddress("10.99.0.1")
        #expect(cache.lookup(nobodys) == nil)

        // A node that calls itself "host" is a node elsewhere to everybody else.
        let host = try entry("172.20.0.11")
        #expect(host.record.identity == IPCache.hostIdentity)
        #expect(host.identity == IPCache.remoteNodeIdentity)
        #expect(host.hostIP == nil)
        #expect(try entry("10.12.3.77").identity == 4, "a reserved identity is the same everywhere")

        // Two clusters speak of one address: the winner does not depend on who came first.
        let contested = try entry("10.12.4.8")
        #expect(contested.cluster.rawValue == "apac")
        #expect(contested.rivals.map(\.rawValue) == ["eu-west"])
        #expect(cache.conflicts.map(\.prefix.description) == ["10.12.4.8/32"])
    }

    @Test(.timeLimit(.minutes(3))) func nothingIsTakenOfAKindBeforeItsCanaryIsThere() async throws {
        try await reading { agent, clusters in
            for cluster in clusters.values {
                try await cluster.publishConfig()
                try await cluster.publishState()
            }
            func peers() -> [MirrorStatus] { agent.status().peers }
            try await eventually("every kind waits for its canary") {
                peers().allSatisfy { peer in
                    let followed = peer.kinds.values.filter(\.isFollowed)
                    return followed.count >= 3 && followed.allSatisfy(\.isAwaitingCanary)
                }
            }
            #expect(peers().allSatisfy { $0.counts.total == 0 }, "state without a canary may be half of it")
            #expect(agent.views.nodes.snapshot().count == 0 && agent.views.ipCache.snapshot().count == 0)

            // One kind of one cluster is complete: it comes, and nothing else does.
            let euWest = try #require(clusters[.euWest])
            try await euWest.publishCanaries(of: ["nodes/v1"])
            try await eventually("the nodes are there") { agent.views.nodes.snapshot().count == 2 }
            #expect(agent.views.ipCache.snapshot().count == 0)
            // It counts as complete once changes are followed too, a moment later.
            try await eventually("the nodes of one cluster count as complete") {
                peers().filter { $0.kinds[.node]?.isSynced == true }.map(\.cluster.rawValue) == ["eu-west"]
            }
            #expect(agent.views.ipCache.snapshot().count == 0)
            #expect(!agent.status().isSynchronized)

            for cluster in clusters.values { try await cluster.publishCanaries() }
            try await waitForAll(agent)
            // A canary that goes (its lease may have run out) takes nothing back.
            try await euWest.delete("cilium/synced/eu-west/cilium/state/nodes/v1")
            try await euWest.put("cilium/state/ip/v1/default/10.12.3.51", later.encoded())
            try await eventually("what came after it is seen") { agent.views.ipCache.snapshot().count == 13 }
            #expect(agent.views.nodes.snapshot().count == 5 && agent.status().isSynchronized)
        }
    }

    private var later: IPRecord {
        get throws { IPRecord(ip: .address(try IPAddress("10.12.3.51")), hostIP: nil, identity: 199_472) }
    }

    @Test(.timeLimit(.minutes(3))) func whatAPeerSaysOfItselfIsInItsStatus() async throws {
        try await reading { agent, clusters in
            try await publishEverything(clusters)
            try await waitForAll(agent)
            func status(_ name: CiliumCluster.Name) throws -> MirrorStatus {
                try #require(agent.status().peers.first { $0.cluster.rawValue == name.rawValue })
            }
            for name in CiliumCluster.Name.allCases {
                let peer = try status(name)
                #expect(peer.id?.rawValue == UInt32(name.id))
                #expect(peer.config?.syncedCanaries == true)
                #expect(peer.heartbeatAge != nil)
                #expect(peer.storeID != nil && peer.failures == 0)
            }
            #expect(try status(.north).config?.serviceExportsEnabled == true)
            #expect(try status(.north).counts.serviceExports == 2)
            #expect(try status(.euWest).kinds[.serviceExport]?.isFollowed != true)
            // Its services are in slices, which are not read: that is said, and all else is followed.
            #expect(try status(.apac).kinds[.service]?.isFollowed != true)
            #expect(try status(.apac).unsupported.contains { $0.contains("slices") })
            #expect(try status(.euWest).unsupported.isEmpty && status(.north).unsupported.isEmpty)
            #expect(try status(.apac).kinds[.node]?.isSynced == true)
        }
    }

    @Test(.timeLimit(.minutes(3))) func whatChangesInAnEtcdChangesInTheViews() async throws {
        try await reading { agent, clusters in
            try await publishEverything(clusters)
            try await waitForAll(agent)
            let euWest = try #require(clusters[.euWest])
            let north = try #require(clusters[.north])

            // A service is no longer shared, one loses its backends, a node and a pod go, and a pod moves.
            let shared = try #require(
                try CiliumCluster.fixture(.north).first { $0.key.description.hasSuffix("/shop/ledger") })
            let withheld = String(decoding: shared.value, as: UTF8.self)
                .replacing("\"shared\":true", with: "\"shared\":false")
            try await north.put(shared.key, Array(withheld.utf8))
            try await euWest.delete("cilium/state/nodes/v1/eu-west/worker-2")
            try await euWest.delete("cilium/state/ip/v1/default/10.12.3.50")
            let moved = IPRecord(
                ip: .address(try IPAddress("10.12.3.45")), hostIP: try IPAddress("172.20.0.12"), identity: 199_473)
            try await euWest.put("cilium/state/ip/v1/default/10.12.3.45", moved.encoded())

            let views = agent.views
            try await eventually("the withheld service is gone") {
                views.services.snapshot()[ServiceName(namespace: "shop", name: "ledger")] == nil
            }
            try await eventually("the node is gone") { views.nodes.snapshot().count == 4 }
            try await eventually("the pod moved and the other is gone") {
                let cache = views.ipCache.snapshot()
                return cache.lookup(moved.ip.prefix.address)?.hostIP == moved.hostIP && cache.count == 11
            }
            #expect(views.services.snapshot().count == 4)
            expectNothingRefused(agent)
        }
    }

    @Test(.timeLimit(.minutes(3))) func aRecordThatIsNotItsClustersToPublishIsRefusedAndChangesNothingElse()
        async throws
    {
        try await reading { agent, clusters in
            try await publishEverything(clusters)
            try await waitForAll(agent)
            let north = try #require(clusters[.north])
            // An identity of cluster 3, a node in its name, an address of another key.
            let labels = "k8s:app=x;k8s:io.cilium.k8s.policy.cluster=north;"
            try await north.put("cilium/state/identities/v1/id/199999", Array(labels.utf8))
            let node = NodeRecord(name: "worker-9", cluster: "eu-west", clusterID: 3)
            try await north.put("cilium/state/nodes/v1/north/worker-9", node.encoded())
            let stolen = IPRecord(ip: .address(try IPAddress("10.12.3.45")), hostIP: nil, identity: 8_519_681)
            try await north.put("cilium/state/ip/v1/default/10.12.3.46", stolen.encoded())
            try await eventually("three records are refused") {
                agent.status().peers.first { $0.cluster.rawValue == "north" }?.rejections.total == 3
            }
            #expect(agent.views.ipCache.snapshot().lookup(stolen.ip.prefix.address)?.identity == 199_472)
            #expect(agent.views.identities.snapshot().count == 8 && agent.views.nodes.snapshot().count == 5)
            #expect(agent.status().isSynchronized, "refusing disturbs nothing")
        }
    }

    @Test(.timeLimit(.minutes(3))) func theEtcdLetsNobodyReadMoreThanCiliumDoes() async throws {
        let cluster = try await CiliumCluster.start(.euWest, readers: ["remote-athens"])
        try await cluster.publishConfig()
        try await cluster.publishState()
        let remote = try Etcdctl(
            endpoints: cluster.etcd.endpoint, credentials: try TestCertificates.client("remote-athens"))
        for allowed in ["cilium/state/", "cilium/synced/eu-west/", "cilium/.heartbeat"] {
            #expect(try await remote.run("get", allowed, "--prefix").exitCode == 0, "\(allowed)")
        }
        for refused in ["", "cilium/", "cilium/cluster-config/", "cilium/synced/", "cilium/cache/"] {
            let result = try await remote.run("get", refused, "--prefix")
            #expect(result.errorOutput.contains("permission denied"), "\(refused): \(result.output)")
        }
        let stranger = try Etcdctl(
            endpoints: cluster.etcd.endpoint, credentials: try TestCertificates.client("remote-kos"))
        #expect(try await stranger.run("get", "cilium/.heartbeat", "--prefix").exitCode != 0)
    }
}

import ClusterMesh
import ClusterMeshTestKit
import Logging
import TestSupport
import Testing

/// What an agent mirrors, read by its cluster's own agents over the wire, and by nobody else.
@Suite struct RepublishingTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A cluster with a node, an address and its identity, and a service.
    private func cluster(_ name: String, _ id: UInt32) throws -> TestCluster {
        let cluster = try ClusterName(name)
        let identity = id << 16 | 7
        let labels: LabelSet = [Label(key: IdentityRecord.clusterLabel, value: name), Label(key: "app", value: "cart")]
        let records: [MeshRecord] = [
            .node(NodeRecord(name: "\(name)-1", cluster: name, clusterID: id)),
            .identity(IdentityRecord(id: identity, labels: labels)),
            .ip(IPRecord(ip: .address(try IPAddress("10.\(id).0.7")), hostIP: nil, identity: identity)),
            .service(
                ServiceRecord(
                    cluster: name, name: ServiceName(namespace: "shop", name: "cart"), clusterID: id,
                    backends: [
                        ServiceEndpoint(try IPAddress("10.\(id).0.7"), ports: [ServicePort(name: "http", number: 80)])
                    ])),
        ]
        return TestCluster(
            name, id: Int(id),
            state: records.map { StateLine(key: $0.key.key(in: cluster), value: $0.encoded()) })
    }

    /// Athens mirrors hurup and kos, and shows them to its own agents.
    private func withMesh(_ body: @escaping @Sendable (TestMesh) async throws -> Void) async throws {
        var athens = try cluster("athens", 1)
        athens.adjust = { configuration in
            var republishing = RepublishingConfiguration()
            republishing.removalGrace = .milliseconds(50)
            configuration.republishing = republishing
        }
        try await TestMesh.run([athens, try cluster("hurup", 2), try cluster("kos", 3)]) { mesh in
            try await mesh.waitUntilSynchronized()
            try await body(mesh)
        }
    }

    /// Reads with a certificate of the mesh's authority.
    private func read(
        _ range: KeyRange, at port: Int, as name: String, in mesh: TestMesh
    ) async throws -> Result<[KeyValue], EtcdError> {
        let authority = try mesh.certificates(of: "athens").loadAuthority()
        var configuration = EtcdReaderConfiguration(
            endpoint: EtcdEndpoint(host: "127.0.0.1", port: port),
            credentials: try authority.issueClient(commonName: name).credentials(trusting: authority.certificatePEM),
            verifier: .mesh())
        configuration.requestTimeout = .seconds(30)
        let reader = try EtcdReader(configuration: configuration, logger: logger)
        let result: Result<[KeyValue], EtcdError>
        do throws(EtcdError) {
            result = .success(try await reader.range(RangeRequest(range)).1.pairs)
        } catch {
            result = .failure(error)
        }
        await reader.shutDown()
        return result
    }

    @Test func theOwnAgentsReadTheCopiesByteByByteWithConfigsAndCanaries() async throws {
        try await withMesh { mesh in
            let (athens, kos) = (try mesh.agent("athens"), try mesh.agent("kos"))
            let port = try #require(athens.republishingPort)
            try await eventually {
                athens.republishingStatus?.peers.filter { $0.synchronized.count == 4 }.count == 2
            }
            let copies = try await read(.prefix("cilium/cache/"), at: port, as: "local-athens", in: mesh).get()
            #expect(copies.count == 8)
            let originals = kos.reader.snapshot()
            for (copy, original) in [
                ("cilium/cache/nodes/v1/kos/kos-1", "cilium/state/nodes/v1/kos/kos-1"),
                ("cilium/cache/identities/v1/kos/id/196615", "cilium/state/identities/v1/id/196615"),
                ("cilium/cache/ip/v1/kos/10.3.0.7", "cilium/state/ip/v1/default/10.3.0.7"),
                ("cilium/cache/services/v1/kos/shop/cart", "cilium/state/services/v1/kos/shop/cart"),
            ] as [(Key, Key)] {
                let found = try #require(copies.first { $0.key == copy })
                #expect(originals[original]?.value.elementsEqual(found.value) == true, "\(copy)")
            }
            let configs = try await read(
                .prefix(KeyLayout.clusterConfigs), at: port, as: "local-athens", in: mesh
            ).get()
            #expect(configs.map(\.key) == ["cilium/cluster-config/hurup", "cilium/cluster-config/kos"])
            let config = try ClusterConfig(decoding: try #require(configs.last).value)
            #expect(config.id == 3 && config.cached && config.syncedCanaries && config.maxConnectedClusters == 255)
            let canaries = try await read(.prefix("cilium/synced/"), at: port, as: "local-athens", in: mesh).get()
            #expect(canaries.count == 8)
            #expect(canaries.allSatisfy { $0.key.description.contains("/cilium/cache/") })
            let beat = try await read(.key(KeyLayout.heartbeat), at: port, as: "local-athens", in: mesh).get()
            #expect(beat.count == 1)
        }
    }

    @Test func otherClustersCanReadNothingOfIt() async throws {
        try await withMesh { mesh in
            let athens = try mesh.agent("athens")
            let port = try #require(athens.republishingPort)
            try await eventually { (athens.republishingStatus?.keys ?? 0) > 10 }
            for name in ["remote-kos", "remote", "remote-athens", "admin-athens", "local-kos", "local-athens-2"] {
                for range in [
                    KeyRange.all, .prefix("cilium/cache/"), .prefix("cilium/cache/nodes/v1/kos/"),
                    .key("cilium/cluster-config/kos"), .prefix("cilium/synced/kos/"), .key(KeyLayout.heartbeat),
                ] {
                    #expect(
                        try await read(range, at: port, as: name, in: mesh) == .failure(.permissionDenied),
                        "\(name) reads \(range)")
                }
            }
            // Nor does the store that they may read hold any of it.
            #expect(athens.reader.snapshot().count(in: .prefix("cilium/cache/")) == 0)
            #expect(athens.reader.snapshot().pairs(in: .prefix(KeyLayout.clusterConfigs)).count == 1)
            #expect(athens.reader.identity.clusterID != athens.republishingStatus?.storeID)
            for range in [KeyRange.prefix("cilium/cache/"), .key("cilium/cluster-config/hurup")] {
                #expect(
                    try await read(range, at: athens.port, as: "remote-kos", in: mesh)
                        == .failure(.permissionDenied))
            }
        }
    }

    @Test func whoIsRevokedCanReadThemNoLonger() async throws {
        try await withMesh { mesh in
            let athens = try mesh.agent("athens")
            let port = try #require(athens.republishingPort)
            let beat = KeyRange.key(KeyLayout.heartbeat)
            _ = try await read(beat, at: port, as: "local-athens", in: mesh).get()
            var revoked = RevokedCertificates()
            revoked.insert(commonName: "local-athens")
            athens.setRevoked(revoked)
            await #expect(throws: EtcdError.self) {
                try await read(beat, at: port, as: "local-athens", in: mesh).get()
            }
            // Who may read the own state may not read the copies for that.
            athens.replaceRoles(readers: [AccessRole(.commonName("bench"), mayRead: [.all])], writers: nil)
            #expect(try await read(beat, at: athens.port, as: "bench", in: mesh).get().count == 1)
            #expect(try await read(beat, at: port, as: "bench", in: mesh) == .failure(.permissionDenied))
        }
    }

    @Test func anotherAgentOfTheClusterMirrorsAllPeersFromThere() async throws {
        try await withMesh { mesh in
            let athens = try mesh.agent("athens")
            let port = try #require(athens.republishingPort)
            let directory = mesh.certificates(of: "athens")
            let authority = try directory.loadAuthority()
            let client = try authority.issueClient(commonName: "local-athens")
                .credentials(trusting: authority.certificatePEM)
            var configuration = try MeshConfiguration(
                name: "athens", id: 1, credentials: directory.loadServerCredentials())
            configuration.peers = try [("hurup", 2), ("kos", 3)].map { name, id in
                try PeerConfiguration(
                    name: name, id: id, endpoints: ["https://127.0.0.1:\(port)"], credentials: client)
            }
            let own = configuration.name
            configuration.adjustMirror = { mirror in
                mirror.serverCluster = own
                mirror.backoff.firstBound = .milliseconds(50)
                mirror.backoff.maximumBound = .milliseconds(400)
            }
            let second = try MeshAgent(configuration: configuration, logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await second.run() }
                defer { group.cancelAll() }
                try await second.waitUntilSynchronized(timeout: .seconds(30))
                let kos = try ClusterName("kos")
                try await eventually {
                    second.views.nodes.snapshot().nodes(of: kos).map(\.name) == ["kos-1"]
                        && second.views.services.snapshot().all.map { "\($0.name)" } == ["shop/cart"]
                }

                // A change goes the whole way.
                let node = NodeRecord(name: "kos-2", cluster: "kos", clusterID: 3)
                try mesh.agent("kos").publish([.node(node)])
                try await eventually { second.views.nodes.snapshot().nodes(of: kos).count == 2 }
                try mesh.agent("kos").withdraw([.node("kos-2")])
                try await eventually { second.views.nodes.snapshot().nodes(of: kos).map(\.name) == ["kos-1"] }

                // A peer that is away stays, as in the mirror that it comes from.
                await mesh.stop("kos")
                try await eventually { athens.status().peers.contains { $0.cluster == kos && !$0.state.isCurrent } }
                #expect(second.views.nodes.snapshot().nodes(of: kos).map(\.name) == ["kos-1"])
                #expect(athens.republishingStatus?.peers.map(\.records) == [4, 4])
            }
        }
    }

    @Test func aPeerThatIsRemovedLeavesTheCopiesAndTheOthersStay() async throws {
        try await withMesh { mesh in
            let athens = try mesh.agent("athens")
            try await eventually { athens.republishingStatus?.peers.count == 2 }
            try athens.setPeers(athens.configuration.peers.filter { $0.name.rawValue != "kos" })
            try await eventually { athens.republishingStatus?.peers.map(\.name.rawValue) == ["hurup"] }
            try await eventually { athens.republishingStatus?.peers.first?.synchronized.count == 4 }
            #expect(athens.republishingStatus?.keys == 1 + 4 + 4 + 1, "config, canaries, records; the heartbeat")
        }
    }

    // MARK: Configuration

    private func fault(_ change: (inout RepublishingConfiguration) -> Void) throws -> String? {
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        var republishing = RepublishingConfiguration()
        change(&republishing)
        configuration.republishing = republishing
        do {
            _ = try MeshAgent(configuration: configuration, logger: logger)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func readersOfOtherClustersCannotBeLetIn() throws {
        for reader in [
            AccessRole.Match.commonName("node-agent"), .commonName(withPrefix: "removed"), .dnsName("remote"),
        ] {
            #expect(try fault { $0.readers = [reader] } == nil)
        }
        for reader in [
            AccessRole.Match.remoteCluster, .commonName("remote"), .commonName("remote-anybody"),
            .commonName(withPrefix: "re"), .commonName(withPrefix: ""), .commonName(withPrefix: "remote-a"),
        ] {
            #expect(try fault { $0.readers = [reader] }?.contains("own cluster's agents only") == true)
        }
    }

    @Test func oneNameMayHaveAsMuchAsAllMayHaveBecauseTheAgentsOfAClusterShareIt() {
        let limits = RepublishingConfiguration().limits
        #expect(limits.streamsPerPeer == limits.streams && limits.callsPerPeer == limits.streams)
        #expect(limits.watchesPerPeer >= 10 * limits.streams)
    }

    @Test func aGraceOutOfRangeIsRefused() throws {
        #expect(try fault { $0.removalGrace = .zero } == nil)
        #expect(try fault { $0.removalGrace = .seconds(-1) }?.contains("removalGrace") == true)
        #expect(try fault { $0.removalGrace = .seconds(86_401) }?.contains("removalGrace") == true)
    }

    @Test func anAddressThatCannotBeListenedOnIsAFaultOfTheConfiguration() throws {
        #expect(try fault { $0.host = "192.0.2.1" } != nil)
    }

    @Test func anAgentThatRepublishesNothingSaysSo() throws {
        let agent = try MeshAgent(
            configuration: try MeshConfiguration(
                name: "athens", id: 1, credentials: TestCertificates.server("athens")), logger: logger)
        #expect(agent.republishingPort == nil && agent.republishingStatus == nil)
    }
}

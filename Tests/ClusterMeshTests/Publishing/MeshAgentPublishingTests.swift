import ClusterMesh
import ClusterMeshTestKit
import Logging
import TestSupport
import Testing

/// What an agent publishes, as its own views and its peers see it.
@Suite struct MeshAgentPublishingTests {
    private func service(_ namespace: String, _ name: String) throws -> MeshRecord {
        let backend = ServiceEndpoint(try IPAddress("10.1.0.7"), ports: [ServicePort(name: "http", number: 80)])
        return .service(
            ServiceRecord(
                cluster: "athens", name: ServiceName(namespace: namespace, name: name), clusterID: 1,
                backends: [backend]))
    }

    private func names(_ agent: MeshAgent) -> Set<String> {
        Set(agent.views.services.snapshot().all.map { "\($0.name)" })
    }

    @Test func peersSeeWhatIsExportedAndTheOwnViewsSeeAll() async throws {
        try await TestMesh.run([TestCluster("athens", id: 1), TestCluster("kos", id: 3)]) { mesh in
            let (athens, kos) = (try mesh.agent("athens"), try mesh.agent("kos"))
            try await mesh.waitUntilSynchronized()
            var namespaces = NamespaceExport()
            namespaces["secret"] = false
            try athens.setExportFilter(.namespaces(namespaces))
            try athens.publish([try service("shop", "cart"), try service("secret", "vault")])
            try await eventually { names(kos) == ["shop/cart"] }
            try await eventually { names(athens) == ["shop/cart", "secret/vault"] }

            namespaces = NamespaceExport(isExportedByDefault: false)
            namespaces["secret"] = true
            try athens.setExportFilter(.namespaces(namespaces))
            try await eventually { names(kos) == ["secret/vault"] }
            #expect(names(athens) == ["shop/cart", "secret/vault"])

            try athens.withdraw([.service(ServiceName(namespace: "secret", name: "vault"))])
            try await eventually { names(kos).isEmpty }
            try await eventually { names(athens) == ["shop/cart"] }
        }
    }

    @Test func rawKeysAreExportedAsTheyStandWhateverTheFilterSays() async throws {
        try await TestMesh.run([TestCluster("athens", id: 1), TestCluster("kos", id: 3)]) { mesh in
            let (athens, kos) = (try mesh.agent("athens"), try mesh.agent("kos"))
            try athens.setExportFilter(.records { _ in false })
            let raw = try service("shop", "raw")
            try athens.store.put(raw.key.key(in: athens.configuration.name), raw.encoded())
            try await eventually { names(kos) == ["shop/raw"] && names(athens) == ["shop/raw"] }
        }
    }

    @Test func whatIsPublishedBeforeAnAgentRunsIsInItsViewsOnceItDoes() async throws {
        let configuration = try MeshConfiguration(
            name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        let agent = try MeshAgent(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try agent.setExportFilter(.records { _ in false })
        try agent.publish([try service("shop", "cart")])
        #expect(names(agent).isEmpty)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await eventually { names(agent) == ["shop/cart"] }
        }
    }

    @Test func anAgentThatFollowsAnEtcdPublishesNothing() throws {
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        configuration.source = .follow(
            ReplicaConfiguration(
                endpoints: [try EtcdEndpoint(url: "https://127.0.0.1:1")],
                credentials: try TestCertificates.client("remote"), verifier: .mesh()))
        let agent = try MeshAgent(configuration: configuration, logger: Logger(label: "test"))
        let error = #expect(throws: PublishingError.self) { try agent.publish([]) }
        #expect(error?.code == .noStore)
        #expect(throws: PublishingError.self) { try agent.withdraw([]) }
        #expect(throws: PublishingError.self) { try agent.setExportFilter(.all) }
    }

    @Test func canariesAndHeartbeatTellTheTime() async throws {
        try await TestMesh.run([TestCluster("athens", id: 1)]) { mesh in
            let agent = try mesh.agent("athens")
            let time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/
            try await eventually { agent.reader.snapshot()[KeyLayout.heartbeat] != nil }
            let pairs =
                agent.reader.snapshot().pairs(in: .prefix(KeyLayout.canaries(of: agent.configuration.name)))
                + agent.reader.snapshot().pairs(in: .key(KeyLayout.heartbeat))
            #expect(pairs.count == 5, "nodes, services, identities, IPs; the heartbeat")
            for pair in pairs {
                #expect(try time.wholeMatch(in: String(decoding: pair.value, as: UTF8.self)) != nil)
            }
        }
    }
}

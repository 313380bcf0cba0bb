import ClusterMesh
import ClusterMeshTestKit
import Logging
import MeshWire
import TestSupport
import Testing

/// Tenants that share the services of one provider, and are to know nothing of each other.
@Suite struct SharedServicesTests {
    private static let tenants = ["tenant-a", "tenant-b", "tenant-c"]
    private static let provider = "shared"

    /// A service `shop/<name>` with one backend.
    private func service(_ name: String, of cluster: String, _ id: UInt32) throws -> StateLine {
        let record = ServiceRecord(
            cluster: cluster, name: ServiceName(namespace: "shop", name: name), clusterID: id,
            backends: [
                ServiceEndpoint(IPAddress(v4: 0x0A00_0001 + id << 16), ports: [ServicePort(name: "http", number: 80)])
            ]
        )
        return StateLine(key: MeshRecord.service(record).key.key(in: try ClusterName(cluster)), value: record.encoded())
    }

    /// The provider mirrors every tenant, as packets have to find their way back; a tenant mirrors, and admits, the
    /// provider only. All have a service `shop/cart`; each has one under its own name besides.
    private func clusters() throws -> [TestCluster] {
        let provider = try ClusterName(Self.provider)
        let tenants = try Self.tenants.enumerated().map { number, name in
            let id = UInt32(number + 1)
            var tenant = TestCluster(
                name, id: Int(id),
                state: [try service("cart", of: name, id), try service("only-\(name)", of: name, id)])
            tenant.peers = [Self.provider]
            tenant.adjust = { $0.admittedClusters = [provider] }
            return tenant
        }
        return tenants + [
            TestCluster(
                Self.provider, id: 9,
                state: [try service("cart", of: Self.provider, 9), try service("vault", of: Self.provider, 9)])
        ]
    }

    @Test func everyTenantSeesTheProvidersServicesAndNeverAnotherTenants() async throws {
        try await TestMesh.run(clusters()) { mesh in
            try await mesh.waitUntilSynchronized()
            for tenant in Self.tenants {
                let services = try mesh.agent(tenant).views.services
                try await eventually("\(tenant) sees the provider's services") { services.snapshot().count == 3 }
                let seen = services.snapshot()
                #expect(seen.all.map(\.name.name) == ["cart", "only-\(tenant)", "vault"])
                #expect(seen.clusters.names.map(\.rawValue) == [Self.provider, tenant])
                let cart = try #require(seen[ServiceName(namespace: "shop", name: "cart")])
                #expect(Set(cart.backends.map(\.cluster.rawValue)) == [tenant, Self.provider])
            }
            // The provider knows them all, which is what must not leak.
            let known = try mesh.agent(Self.provider).views.services
            try await eventually("the provider knows its tenants") { known.snapshot().count == 5 }
        }
    }

    @Test func whatComesToATenantLaterReachesTheProviderAndNoOtherTenant() async throws {
        try await TestMesh.run(clusters()) { mesh in
            try await mesh.waitUntilSynchronized()
            let late = try service("late", of: "tenant-a", 1)
            try mesh.agent("tenant-a").store.put(late.key, late.value)
            let proof = try service("proof", of: Self.provider, 9)
            let name = ServiceName(namespace: "shop", name: "late")
            let known = try mesh.agent(Self.provider).views.services
            try await eventually("the provider knows it") { known.snapshot()[name] != nil }
            // Whatever the provider said before this came before it.
            try mesh.agent(Self.provider).store.put(proof.key, proof.value)
            for tenant in ["tenant-b", "tenant-c"] {
                let services = try mesh.agent(tenant).views.services
                try await eventually("\(tenant) heard of the provider since") {
                    services.snapshot()[ServiceName(namespace: "shop", name: "proof")] != nil
                }
                #expect(services.snapshot()[name] == nil)
            }
        }
    }

    @Test func aTenantThatAsksTheProviderForAnotherTenantGetsNothing() async throws {
        try await TestMesh.run(clusters()) { mesh in
            try await mesh.waitUntilSynchronized()
            let provider = try mesh.agent(Self.provider)
            try await eventually("the provider knows its tenants") { provider.views.services.snapshot().count == 5 }
            let credentials = try mesh.certificates(of: "tenant-a").loadClientCredentials("remote-tenant-a")
            try await Asking.run(provider, with: credentials) { asking in
                // The own state may be read as a whole; there is nothing of a tenant in it.
                let state = try await asking.range(.prefix("cilium/state/")).get()
                let own = ["cilium/state/services/v1/shared/shop/cart", "cilium/state/services/v1/shared/shop/vault"]
                #expect(state.map(\.key.description).sorted() == own)
                let others: [KeyRange] = [
                    .all, .prefix("cilium/"), .prefix("cilium/cache/"), .prefix("cilium/cache/services/v1/tenant-b/"),
                    .prefix("cilium/cluster-config/"), .key("cilium/cluster-config/tenant-b"),
                    .prefix("cilium/synced/"), .prefix("cilium/synced/tenant-b/"),
                ]
                for range in others {
                    #expect(await asking.range(range).error?.code == .permissionDenied, "\(range)")
                    #expect(await asking.isRefusedToWatch(range), "\(range)")
                }
            }
        }
    }

    @Test func aTenantThatAsksAnotherTenantIsRefused() async throws {
        try await TestMesh.run(clusters()) { mesh in
            try await mesh.waitUntilSynchronized()
            let neighbour = try mesh.agent("tenant-b")
            let tenant = try mesh.certificates(of: "tenant-a").loadClientCredentials("remote-tenant-a")
            try await Asking.run(neighbour, with: tenant) { asking in
                let ranges: [KeyRange] = [
                    .prefix("cilium/state/"), .prefix("cilium/state/services/v1/tenant-b/"),
                    .key("cilium/state/services/v1/tenant-b/shop/cart"), .key("cilium/cluster-config/tenant-b"),
                    .prefix("cilium/synced/tenant-b/"), .key("cilium/.heartbeat"),
                ]
                for range in ranges {
                    #expect(await asking.range(range).error?.code == .permissionDenied, "\(range)")
                    #expect(await asking.isRefusedToWatch(range), "\(range)")
                }
            }
            // It is its name that it is refused for: the provider reads the same.
            let admitted = try mesh.certificates(of: Self.provider).loadClientCredentials("remote-shared")
            try await Asking.run(neighbour, with: admitted) { asking in
                let read = try await asking.range(.prefix("cilium/state/")).get()
                #expect(read.count == 2)
                #expect(await !asking.isRefusedToWatch(.prefix("cilium/state/")))
            }
        }
    }
}

/// A client that asks an agent's server with a cluster's certificate, over a connection of its own.
private struct Asking {
    private let reader: EtcdReader

    /// Runs `body` with such a client, which is shut down whatever happens.
    static func run(
        _ agent: MeshAgent, with credentials: TLSCredentials, _ body: (Asking) async throws -> Void
    ) async throws {
        var configuration = EtcdReaderConfiguration(
            endpoint: EtcdEndpoint(host: "127.0.0.1", port: agent.port), credentials: credentials, verifier: .mesh())
        configuration.requestTimeout = .seconds(20)
        let asking = Asking(reader: try EtcdReader(configuration: configuration, logger: Logger(label: "asking")))
        do {
            try await body(asking)
        } catch {
            await asking.reader.shutDown()
            throw error
        }
        await asking.reader.shutDown()
    }

    /// What is in a range, or why it may not be read.
    func range(_ range: KeyRange) async -> Result<[KeyValue], EtcdError> {
        do throws(EtcdError) {
            return .success(try await reader.range(RangeRequest(range)).1.pairs)
        } catch {
            return .failure(error)
        }
    }

    /// Whether a watch of a range is refused for want of permission.
    func isRefusedToWatch(_ range: KeyRange) async -> Bool {
        do throws(EtcdError) {
            let stream = try reader.openWatch()
            defer { stream.cancel() }
            try await stream.create(WatchCreateRequest(range))
            while let message = try await stream.next(timeout: .seconds(20)) {
                if message.canceled { return message.cancelReason.contains(EtcdError.permissionDenied.message) }
                if message.created { return false }
            }
            return false
        } catch {
            // Who may read nothing at all does not even get a stream.
            return error.code == .permissionDenied
        }
    }
}

extension Result where Failure == EtcdError {
    fileprivate var error: EtcdError? {
        if case .failure(let error) = self { error } else { nil }
    }
}

import ClusterMesh
import ClusterMeshTestKit
import Logging
import TestSupport
import Testing

@Suite struct ClusterProducerTests {
    private static let size = ProducedSize(nodes: 3, identities: 5, ips: 40)
    private static let count = 4
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` beside a producer of four small clusters for the cluster athens.
    private func producing(
        heartbeat: Duration = .seconds(60), _ body: @escaping @Sendable (ClusterProducer) async throws -> Void
    ) async throws {
        let authority = try TestCertificates.shared.authority
        let server = try authority.issueServer(
            cluster: ClusterName("athens"), extraDNSNames: [ClusterProducer.serverName])
        let producer = try ClusterProducer(
            host: ClusterName("athens"), clusters: Self.count, size: Self.size,
            credentials: server.credentials(trusting: TestCertificates.roots), heartbeat: heartbeat, logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await producer.run() }
            defer { group.cancelAll() }
            try await body(producer)
        }
    }

    /// Reads a range with a certificate of this name.
    private func read(
        _ range: KeyRange, from producer: ClusterProducer, as name: String
    ) async throws -> Result<[KeyValue], EtcdError> {
        let reader = try EtcdReader(
            configuration: EtcdReaderConfiguration(
                endpoint: EtcdEndpoint(host: "127.0.0.1", port: producer.port),
                credentials: TestCertificates.client(name), verifier: .mesh()),
            logger: quiet)
        let result: Result<[KeyValue], EtcdError>
        do throws(EtcdError) {
            result = .success(try await reader.range(RangeRequest(range)).1.pairs)
        } catch {
            result = .failure(error)
        }
        await reader.shutDown()
        return result
    }

    @Test func ownReadersReadEveryClustersCopyConfigAndCanaries() async throws {
        try await producing { producer in
            let records = try await read(.prefix("cilium/cache/"), from: producer, as: "local-athens").get()
            #expect(records.count == Self.count * Self.size.total)
            #expect(producer.recordCount == records.count)
            for cluster in producer.clusters {
                let config = try await read(
                    .key(KeyLayout.clusterConfig(of: cluster.name)), from: producer, as: "local-athens"
                ).get()
                #expect(config.first.map { $0.value.elementsEqual(cluster.config(in: .cached).encoded()) } == true)
                let canaries = try await read(
                    .prefix(KeyLayout.canaries(of: cluster.name)), from: producer, as: "local-athens"
                ).get()
                #expect(canaries.count == cluster.config(in: .cached).exportedKinds.count)
            }
        }
    }

    @Test(arguments: ["remote", "remote-kos", "local-kos"])
    func otherClustersReadNothing(_ name: String) async throws {
        try await producing { producer in
            for range in [KeyRange.prefix("cilium/cache/"), .prefix("cilium/cluster-config/"), .all] {
                guard case .failure(let error) = try await read(range, from: producer, as: name) else {
                    Issue.record("\(name) may read \(range)")
                    continue
                }
                #expect(error.code == .permissionDenied)
            }
        }
    }

    @Test func theHeartbeatIsRewrittenWhileItRuns() async throws {
        try await producing(heartbeat: .milliseconds(20)) { producer in
            try await eventually("a third heartbeat") { (producer.store.get(KeyLayout.heartbeat)?.version ?? 0) >= 3 }
        }
    }

    @Test func churnStampsWhatItChangesAndLeavesEverythingInPlace() async throws {
        try await producing { producer in
            let before = producer.recordCount
            let revision = producer.store.revision
            let changes = try await producer.churn(
                ChurnRates(nodes: 50, identities: 50, ips: 150), for: .milliseconds(200))
            #expect(changes == 200)
            #expect(producer.recordCount == before)
            #expect(producer.store.revision.rawValue >= revision.rawValue + 200)
            let cluster = producer.clusters[0]
            let decoder = RecordDecoder(cluster: cluster.name, id: cluster.id, layout: .cached)
            let stamped = producer.store.snapshot().pairs(
                in: .prefix(RecordKind.ip.prefix(of: cluster.name, in: .cached))
            )
            .compactMap { try? decoder.decode($0).get() }.compactMap { ChangeStamp(in: $0) }
            #expect(!stamped.isEmpty)
        }
    }

    @Test(arguments: [0, -1, 255]) func countsThatNoMeshHasAreRefused(_ count: Int) {
        #expect(throws: TestMeshError.self) {
            try ClusterProducer(
                host: ClusterName("athens"), clusters: count, size: Self.size,
                credentials: TestCertificates.server("athens"), logger: quiet)
        }
    }
}

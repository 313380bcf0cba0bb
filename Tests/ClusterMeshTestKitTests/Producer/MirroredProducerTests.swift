import ClusterMesh
import ClusterMeshTestKit
import Logging
import TestSupport
import Testing

/// One agent that mirrors several clusters behind one address, each from its copy there.
@Suite struct MirroredProducerTests {
    private static let size = ProducedSize(nodes: 3, identities: 5, ips: 40)
    private static let count = 6
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with a producer and an agent of cluster 200 that mirrors all its clusters.
    private func mirroring(
        _ body: @escaping @Sendable (ClusterProducer, MeshAgent) async throws -> Void
    ) async throws {
        let authority = try TestCertificates.shared.authority
        let server = try authority.issueServer(
            cluster: ClusterName("athens"), extraDNSNames: [ClusterProducer.serverName])
        let producer = try ClusterProducer(
            host: ClusterName("athens"), clusters: Self.count, size: Self.size,
            credentials: server.credentials(trusting: TestCertificates.roots), logger: quiet)
        var configuration = try MeshConfiguration(
            name: "athens", id: 200, credentials: TestCertificates.server("athens"))
        configuration.peers = try producer.clusters.map { cluster in
            try PeerConfiguration(
                name: cluster.name.rawValue, id: Int(cluster.id.rawValue),
                endpoints: ["https://127.0.0.1:\(producer.port)"], credentials: TestCertificates.client("local-athens"))
        }
        let agent = try MeshAgent(configuration: configuration, logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await producer.run() }
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await agent.waitUntilSynchronized(timeout: .seconds(60))
            try await body(producer, agent)
        }
    }

    private func holdsEverything(_ agent: MeshAgent) -> Bool {
        agent.views.nodes.snapshot().count == Self.count * Self.size.nodes
            && agent.views.identities.snapshot().count == Self.count * Self.size.identities
            && agent.views.ipCache.snapshot().count == Self.count * Self.size.ips
    }

    @Test func eachClusterIsReadFromItsOwnCopy() async throws {
        try await mirroring { producer, agent in
            try await eventually("everything is in the views") { holdsEverything(agent) }
            for cluster in producer.clusters {
                let nodes = agent.views.nodes.snapshot().nodes(of: cluster.name)
                #expect(nodes.map(\.cluster) == Array(repeating: cluster.name.rawValue, count: Self.size.nodes))
                guard case .ip(let pod) = cluster.value(of: .ip(0)) else { continue }
                let entry = agent.views.ipCache.snapshot().lookup(pod.ip.prefix.address)
                #expect(entry?.cluster == cluster.name && entry?.record == pod)
            }
            for peer in agent.status().peers { #expect(peer.rejections.total == 0, "\(peer.rejections.examples)") }
        }
    }

    @Test func whatChangesIsSeenWithItsTimeAndInTheEndEverythingIsThere() async throws {
        try await mirroring { producer, agent in
            try await eventually("everything is in the views") { holdsEverything(agent) }
            try await producer.churn(ChurnRates(nodes: 20, identities: 20, ips: 60), for: .milliseconds(300))
            let clusters = producer.clusters
            let decoders = clusters.map { RecordDecoder(cluster: $0.name, id: $0.id, layout: .cached) }
            // Every record in the views is the one that the producer has now, with the time of its last change.
            try await eventually("the views are what the producer has") {
                let cache = agent.views.ipCache.snapshot()
                return try zip(clusters, decoders).allSatisfy { cluster, decoder in
                    try (0..<Self.size.ips).allSatisfy { number in
                        let key = cluster.key(of: .ip(number), in: .cached)
                        guard let pair = producer.store.get(key), case .ip(let ip) = try decoder.decode(pair).get()
                        else { return false }
                        return cache[ip.ip.prefix]?.record == ip
                    }
                }
            }
            #expect(holdsEverything(agent))
            let stamps = agent.views.ipCache.snapshot().all.compactMap { ChangeStamp(in: .ip($0.record)) }
            #expect(!stamps.isEmpty)
        }
    }
}

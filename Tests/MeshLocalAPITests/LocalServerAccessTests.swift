import MeshCore
import MeshStore
import MeshTLS
import MeshWatcher
import MeshWire
import TestSupport
import Testing

@testable import MeshLocalAPI

@Suite(.timeLimit(.minutes(2))) struct LocalServerAccessTests {
    private let put = TransactionCodec.encodeRequest(PutRequest("a", [1]))

    private func keepAlive(_ client: LocalClient, _ lease: LeaseID) async throws -> LocalStream {
        let stream = try client.open(EtcdMethods.leaseKeepAlive)
        try await stream.send(LeaseCodec.encodeKeepAliveRequest(lease))
        let answer = try LeaseCodec.decodeKeepAliveAnswer(try #require(try await stream.next())).answer
        #expect(answer.ttl == 60)
        return stream
    }

    @Test func rolesThatAreReplacedCountForCallsAndForWhatRuns() async throws {
        let store = KVStore()
        let lease = try store.perform(LeaseGrantRequest(ttl: 60)).id
        try await LocalFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let renewals = try await keepAlive(client, lease)
                let watch = try client.open(EtcdMethods.watch)
                try await watch.send(WatchCodec.encodeRequest(.create(WatchCreateRequest(.all))))
                #expect(try WatchCodec.decodeResponse(try #require(try await watch.next())).created)

                let cluster = try ClusterName("athens")
                fixture.server.setAccess(
                    writing: .cilium(cluster: cluster, writers: [.commonName("writer")]), readers: []
                )
                #expect(try await client.refusal(EtcdMethods.put, put).code == .permissionDenied)
                let range = RangeCodec.encodeRequest(RangeRequest(.key("a")))
                #expect(try await client.refusal(EtcdMethods.range, range) == .permissionDenied)
                let end = try await renewals.failure()
                #expect(end.code == .permissionDenied)
                #expect(end.message.contains("may not write"))
                #expect(try WatchCodec.decodeResponse(try #require(try await watch.next())).canceled)
            }
            try await fixture.withClient("writer") { client in
                let (_, answer) = try await client.put("a", "1")
                #expect(answer.revision == 2)
                let renewals = try await keepAlive(client, lease)
                // Still a writer: what runs goes on.
                let cluster = try ClusterName("athens")
                fixture.server.setAccess(
                    writing: .cilium(cluster: cluster, writers: [.commonName("writer")], allowsCacheWrites: true),
                    readers: []
                )
                try await renewals.send(LeaseCodec.encodeKeepAliveRequest(lease))
                #expect(try await renewals.next() != nil)
                _ = try await client.put("cilium/cache/nodes/v1/hurup/n", "1")
            }
        }
    }

    @Test func whatARevokedWriterRunsEnds() async throws {
        let store = KVStore()
        let lease = try store.perform(LeaseGrantRequest(ttl: 60)).id
        try await LocalFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let renewals = try await keepAlive(client, lease)
                var revoked = RevokedCertificates()
                revoked.insert(commonName: "admin-athens")
                fixture.server.setRevoked(revoked)
                #expect(try await renewals.failure().code == .unauthenticated)
                let code = try await client.refusal(EtcdMethods.put, put).code
                // A connection that was closed meanwhile is not made anew.
                #expect(code == .unauthenticated || code == .unavailable)
                #expect(store.revision == 1)
            }
        }
    }

    /// The one exception to "one cluster, one store": what a KVStoreMesh copies is for the cluster's own readers.
    @Test func whatIsWrittenForOtherClustersIsReadByTheOwnReadersAlone() async throws {
        let cluster = try ClusterName("athens")
        let keys: [Key] = [
            "cilium/cache/nodes/v1/hurup/n", "cilium/cluster-config/hurup", "cilium/synced/hurup/cilium/cache/nodes/v1",
        ]
        let store = KVStore()
        let configuration = WatcherServerConfiguration(
            cluster: cluster, credentials: try TestCertificates.server("athens"), verifier: .mesh()
        )
        let watcher = try WatcherServer(configuration: configuration, reader: store.reader, logger: quietLogger)
        try await LocalFixture.run(store) {
            $0.writing = .cilium(cluster: cluster, allowsCacheWrites: true)
        } _: { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watcher.run() }
                defer { group.cancelAll() }
                try await fixture.withClient { client in
                    for key in keys { _ = try await client.put(key, "1") }
                }
                for name in ["remote", "remote-hurup", "remote-athens"] {
                    try await LocalClient.with(.loopback(port: watcher.port), as: name) { client in
                        for range in keys.map(KeyRange.key) + [
                            .prefix("cilium/cache/"), .prefix("cilium/cluster-config/"), .prefix("cilium/synced/"),
                            .prefix("cilium/"), .all,
                        ] {
                            let bytes = RangeCodec.encodeRequest(RangeRequest(range))
                            let error = try await client.refusal(EtcdMethods.range, bytes)
                            #expect(error == .permissionDenied, "\(name) \(range)")
                            let watch = try client.open(EtcdMethods.watch)
                            let create = WatchCreateRequest(range, from: 1)
                            try await watch.send(WatchCodec.encodeRequest(.create(create)))
                            let answer = try WatchCodec.decodeResponse(try #require(try await watch.next()))
                            #expect(answer.canceled && answer.events.isEmpty, "\(name) \(range)")
                            watch.cancel()
                        }
                    }
                }
                try await LocalClient.with(.loopback(port: watcher.port), as: "local-athens") { client in
                    for key in keys {
                        let answer = try await client.range(.key(key))
                        #expect(answer.count == 1, "\(key)")
                    }
                }
            }
        }
    }
}

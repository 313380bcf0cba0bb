import ClusterMeshTestKit
import MeshClient
import MeshCore
import MeshRPC
import MeshReplica
import MeshStore
import MeshWire
import TestSupport
import Testing

/// Our server as a proxy of a real etcd that things happen to: clients see a right history or a clear end of it.
@Suite(.timeLimit(.minutes(5))) struct ReplicaFailureTests {
    @Test func servesOnWhileTheEtcdIsKilledAndGoesOnWhenItIsBack() async throws {
        try await EtcdProxy.run {
            $0.freshReadTimeout = .seconds(2)
        } _: { proxy, writer in
            try await writer.put("k/1", "before")
            try await proxy.follows()
            try await proxy.withClient { client in
                let stream = try WatchClient(client)
                _ = try await stream.create(WatchCreateRequest(.prefix("k/")))
                try await proxy.etcd.kill()
                try await proxy.lost()

                let stale = try await proxy.etcdctl.run("get", "k/1", "--consistency=s", "--print-value-only")
                #expect(stale.output == "before\n")
                var request = RangeRequest(.key("k/1"))
                await #expect(throws: EtcdError(.unavailable, "etcdserver: request timed out")) {
                    _ = try await client.range(request)
                }
                request.serializable = true
                #expect(try await client.range(request).answer.count == 1)

                try await proxy.etcd.restart()
                try await proxy.follows()
                let revision = try await writer.put("k/2", "after").revision
                let events = try await stream.events(through: revision)
                #expect(events.map(\.pair.key) == ["k/2"])
                #expect(proxy.replica.status.resets.isEmpty, "\(proxy.replica.status)")
                try await proxy.expectSameContent(client, writer)
                stream.close()
            }
        }
    }

    @Test func watchersBelowACompactedGapAreCancelledAndCanBeginAgain() async throws {
        try await EtcdProxy.run { proxy, writer in
            try await writer.put("k/1", "one")
            try await writer.put("k/2", "two")
            try await proxy.follows()
            try await proxy.withClient { client in
                let stream = try WatchClient(client)
                _ = try await stream.create(WatchCreateRequest(.prefix("k/")))
                proxy.link.cut()
                try await proxy.lost()
                try await writer.delete(.key("k/1"))
                let last = try await writer.put("k/3", "three").revision
                try await writer.compact(to: last)
                proxy.link.heal()

                let canceled = try await stream.cancellation()
                #expect(canceled.compactRevision == last.next)
                try await proxy.follows()
                #expect(proxy.replica.status.resets == [.compacted: 1])
                try await proxy.expectSameContent(client, writer)
                // As the client is told, on the same stream.
                let again = try await stream.create(WatchCreateRequest(.prefix("k/"), from: canceled.compactRevision))
                #expect(again.created && !again.canceled)
                let revision = try await writer.put("k/4", "four").revision
                #expect(try await stream.events(through: revision).map(\.pair.key) == ["k/4"])
                stream.close()
            }
        }
    }

    @Test func aCompactionThatHidesNothingIsNotNoticed() async throws {
        try await EtcdProxy.run { proxy, writer in
            try await proxy.follows()
            try await proxy.withClient { client in
                let stream = try WatchClient(client)
                _ = try await stream.create(WatchCreateRequest(.prefix("k/")))
                for number in 0..<5 { try await writer.put("k/1", "\(number)") }
                try await writer.compact(to: try await writer.put("k/1", "last").revision)
                let revision = try await writer.put("k/1", "after").revision
                #expect(try await stream.events(through: revision).count == 7)
                #expect(proxy.replica.status.resets.isEmpty)
                stream.close()
            }
        }
    }

    /// The restored etcd has the same `cluster_id`, and by the time it is reached again more revisions than before:
    /// whoever only looked at these would go on over a gap.
    @Test(arguments: [0, 3, 40]) func aRestoreFromASnapshotIsNeverASilentGap(writesAfterwards: Int) async throws {
        try await EtcdProxy.run { proxy, writer in
            for number in 0..<4 { try await writer.put(Key("k/\(number)"), "backed up") }
            let snapshot = try await proxy.etcd.saveSnapshot()
            for number in 2..<9 { try await writer.put(Key("k/\(number)"), "lost by the restore") }
            try await writer.delete(.key("k/0"))
            try await proxy.follows()
            let before = proxy.replica.status
            try await proxy.withClient { client in
                try await proxy.expectSameContent(client, writer)
                let stream = try WatchClient(client)
                _ = try await stream.create(WatchCreateRequest(.prefix("k/")))
                proxy.link.cut()
                try await proxy.lost()
                try await proxy.etcd.restore(from: snapshot)
                for number in 0..<writesAfterwards { try await writer.put("k/other", "\(number)") }
                proxy.link.heal()

                let canceled = try await stream.cancellation()
                #expect(canceled.compactRevision > .none)
                #expect(canceled.events.isEmpty)
                try await proxy.follows()
                let after = proxy.replica.status
                #expect(after.clusterID == before.clusterID)
                #expect(after.resets.values.reduce(0, +) == 1, "\(after)")
                try await proxy.expectSameContent(client, writer)
                let again = try await stream.create(WatchCreateRequest(.prefix("k/"), from: canceled.compactRevision))
                #expect(again.created && !again.canceled)
                let revision = try await writer.put("k/new", "").revision
                #expect(try await stream.events(through: revision).map(\.pair.key) == ["k/new"])
                stream.close()
            }
        }
    }

    @Test func anotherEtcdBehindTheSameAddressEndsTheStreamsThatToldTheFirst() async throws {
        try await EtcdProxy.run { proxy, writer in
            try await writer.put("k/1", "one")
            try await proxy.follows()
            let other = try await EtcdProcess.start()
            try await proxy.withClient { client in
                let stream = try WatchClient(client)
                let created = try await stream.create(WatchCreateRequest(.prefix("k/")))
                proxy.link.retarget(to: other.port)
                proxy.link.dropConnections()

                let canceled = try await stream.cancellation()
                #expect(canceled.compactRevision > .none)
                #expect(canceled.header?.clusterID == created.header?.clusterID)
                let end = try await failure(of: stream)
                #expect(end.code == .unavailable && end.message.contains("another store"))
                try await proxy.follows()
                try await withEtcdWriter(other) { try await proxy.expectSameContent(client, $0) }
            }
        }
    }

    private func failure(of stream: WatchClient) async throws -> EtcdError {
        do {
            let message = try await stream.next()
            throw Difference(what: "after the cancellations", ours: "\(message)", theirs: "an end with Unavailable")
        } catch let status as RPCStatus {
            return EtcdError(status.code, status.message)
        }
    }
}

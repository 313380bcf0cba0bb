import MeshCore
import MeshStore
import MeshWatcher
import MeshWire
import TestSupport
import Testing

@testable import MeshLocalAPI

@Suite(.timeLimit(.minutes(2))) struct LocalServerLeaseTests {
    private func keepAlive(_ stream: LocalStream, _ lease: LeaseID) async throws -> LeaseKeepAliveAnswer {
        try await stream.send(LeaseCodec.encodeKeepAliveRequest(lease))
        return try LeaseCodec.decodeKeepAliveAnswer(try #require(try await stream.next())).answer
    }

    @Test func aLeaseIsGrantedHoldsKeysAndTakesThemAlong() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                let lease = try await client.grant(60, id: LeaseID(0x77))
                #expect(lease.id == LeaseID(0x77))
                #expect(lease.ttl == 60)
                let again = LeaseCodec.encodeRequest(LeaseGrantRequest(ttl: 60, id: LeaseID(0x77)))
                #expect(try await client.refusal(EtcdMethods.leaseGrant, again).code == .failedPrecondition)
                for key: Key in ["s/1", "s/2"] { _ = try await client.put(key, "x", lease: lease.id) }
                #expect(try await client.range(.prefix("s/")).pairs.map(\.lease) == [lease.id, lease.id])
                let header = try await client.revoke(lease.id)
                #expect(header?.revision == 4)
                #expect(try await client.range(.prefix("s/")).count == 0)
                let unknown = LeaseCodec.encodeRevokeRequest(lease.id)
                #expect(try await client.refusal(EtcdMethods.leaseRevoke, unknown) == .leaseNotFound)
                var put = PutRequest("s/3", [1])
                put.lease = lease.id
                let bytes = TransactionCodec.encodeRequest(put)
                #expect(try await client.refusal(EtcdMethods.put, bytes) == .leaseNotFound)
            }
        }
    }

    @Test func aLeaseThatIsKeptAliveOutlivesOneThatIsNot() async throws {
        let clock = ManualClock()
        try await LocalFixture.run(KVStore(clock: clock)) { fixture in
            try await fixture.withClient { client in
                let kept = try await client.grant(5)
                let left = try await client.grant(5)
                _ = try await client.put("kept", "x", lease: kept.id)
                _ = try await client.put("left", "x", lease: left.id)
                let stream = try client.open(EtcdMethods.leaseKeepAlive)
                try await clock.step(by: .milliseconds(500), times: 9)
                #expect(try await keepAlive(stream, kept.id).ttl == 5)
                try await clock.step(by: .milliseconds(500), times: 9)
                #expect(try await client.range(.prefix("")).pairs.map(\.key) == ["kept"])
                #expect(try await keepAlive(stream, left.id).ttl == 0)
                try await clock.step(by: .milliseconds(500))
                #expect(try await client.range(.prefix("")).count == 0)
            }
        }
    }

    @Test func everyKeepAliveIsAnsweredInOrder() async throws {
        try await LocalFixture.run {
            // Small, so that reading pauses and resumes all the time.
            $0.pendingKeepAlivesPerStream = 4
        } _: { fixture in
            try await fixture.withClient { client in
                var leases: [LeaseID] = []
                for number in 1...20 { leases.append(try await client.grant(60, id: LeaseID(Int64(number))).id) }
                let stream = try client.open(EtcdMethods.leaseKeepAlive)
                let rounds = 25
                let asked = leases
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for _ in 0..<rounds {
                            for lease in asked { try await stream.send(LeaseCodec.encodeKeepAliveRequest(lease)) }
                        }
                        try await stream.finishSending()
                    }
                    var answered: [LeaseID] = []
                    while let bytes = try await stream.next() {
                        let (header, answer) = try LeaseCodec.decodeKeepAliveAnswer(bytes)
                        #expect(header?.clusterID == fixture.store.identity.clusterID)
                        #expect(answer.ttl == 60)
                        answered.append(answer.id)
                    }
                    #expect(answered == (0..<rounds).flatMap { _ in asked })
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func anUnknownLeaseIsAnsweredWithZeroAndTheStreamGoesOn() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                let lease = try await client.grant(60)
                let stream = try client.open(EtcdMethods.leaseKeepAlive)
                #expect(try await keepAlive(stream, LeaseID(4_711)).ttl == 0)
                #expect(try await keepAlive(stream, lease.id).ttl == 60)
                try await stream.send([0x0B])
                #expect(try await stream.failure().code == .invalidArgument)
                let another = try client.open(EtcdMethods.leaseKeepAlive)
                #expect(try await keepAlive(another, lease.id).ttl == 60)
            }
        }
    }

    @Test func aLeaseWithAnotherClustersKeysCannotBeRevoked() async throws {
        let store = KVStore()
        let lease = try store.perform(LeaseGrantRequest(ttl: 60)).id
        try store.put("cilium/cache/nodes/v1/hurup/n", "x", lease: lease)
        try await LocalFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let bytes = LeaseCodec.encodeRevokeRequest(lease)
                let error = try await client.refusal(EtcdMethods.leaseRevoke, bytes)
                #expect(error.code == .permissionDenied)
                #expect(error.message.contains("cilium/cache/nodes/v1/hurup/n"))
                #expect(store.get("cilium/cache/nodes/v1/hurup/n") != nil)
            }
        }
    }

    @Test func keepAlivesEndWithTheServer() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                let lease = try await client.grant(60)
                let stream = try client.open(EtcdMethods.leaseKeepAlive)
                #expect(try await keepAlive(stream, lease.id).ttl == 60)
                await fixture.server.shutDown()
                #expect(try await stream.failure().code == .unavailable)
            }
        }
    }
}

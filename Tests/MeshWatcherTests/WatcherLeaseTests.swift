import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct WatcherLeaseTests {
    private static let lease = LeaseID(0x7A)

    /// A store whose lease holds a key that other clusters may read, and one that they may not.
    private func leasingStore() throws -> KVStore {
        let store = KVStore()
        _ = try store.perform(LeaseGrantRequest(ttl: 600, id: Self.lease))
        try store.put("cilium/state/ip/v1/x", "1", lease: Self.lease)
        try store.put("cilium/cache/ip/v1/y", "1", lease: Self.lease)
        return store
    }

    private func timeToLive(
        _ client: TestClient,
        _ request: LeaseTimeToLiveRequest
    ) async throws -> (header: ResponseHeader?, answer: LeaseTimeToLiveAnswer) {
        let bytes = try await client.call(EtcdMethods.leaseTimeToLive, LeaseCodec.encodeRequest(request))
        return try LeaseCodec.decodeTimeToLiveAnswer(bytes)
    }

    @Test func timeToLiveTellsTheRestAndTheKeysThatWereAskedFor() async throws {
        let store = try leasingStore()
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let (header, brief) = try await timeToLive(client, LeaseTimeToLiveRequest(Self.lease))
                #expect(header == store.reader.header)
                #expect(brief.id == Self.lease)
                #expect((1...600).contains(brief.ttl))
                #expect(brief.grantedTTL == 600)
                #expect(brief.keys.isEmpty)
                let (_, full) = try await timeToLive(client, LeaseTimeToLiveRequest(Self.lease, keys: true))
                #expect(full.keys == ["cilium/cache/ip/v1/y", "cilium/state/ip/v1/x"])
            }
        }
    }

    @Test func anUnknownLeaseHasNothingLeftWhichIsNoError() async throws {
        try await WatcherFixture.run(try leasingStore()) { fixture in
            try await fixture.withClient { client in
                let (header, answer) = try await timeToLive(client, LeaseTimeToLiveRequest(LeaseID(5), keys: true))
                #expect(header?.revision == 3)
                #expect(answer == LeaseTimeToLiveAnswer(revision: 3, id: LeaseID(5), ttl: -1))
            }
        }
    }

    @Test func whoMayNotReadAllKeysOfALeaseIsNotToldThem() async throws {
        try await WatcherFixture.run(try leasingStore()) { fixture in
            try await fixture.withClient("remote-hurup") { client in
                let request = LeaseTimeToLiveRequest(Self.lease, keys: true)
                let status = try await client.refusal(EtcdMethods.leaseTimeToLive, LeaseCodec.encodeRequest(request))
                #expect(EtcdError(status.code, status.message) == .permissionDenied)
                // How long it lives is no secret.
                #expect(try await timeToLive(client, LeaseTimeToLiveRequest(Self.lease)).answer.grantedTTL == 600)
            }
        }
    }

    @Test func allLeasesAreListed() async throws {
        let store = try leasingStore()
        _ = try store.perform(LeaseGrantRequest(ttl: 6, id: LeaseID(-9)))
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient { client in
                let bytes = try await client.call(EtcdMethods.leaseLeases, [])
                let (header, answer) = try LeaseCodec.decodeListAnswer(bytes)
                #expect(header == store.reader.header)
                #expect(answer.leases == [LeaseID(-9), Self.lease])
            }
        }
    }

    @Test func leasesOfAReplicatedStoreAreKeptElsewhere() async throws {
        let store = ReplicatedStore(configuration: KVStoreConfiguration())
        store.reset(to: [], at: 5, identity: .random(), raftTerm: 7)
        let service = LeaseReadService(
            reader: store.reader,
            access: PeerAdmission(AccessPolicy(roles: [AccessRole(.commonName("reader"), mayRead: [.all])])),
            limits: WatcherLimits()
        )
        let peer = PeerIdentity(commonName: "reader")
        #expect(throws: EtcdError.self) { try service.list([], for: peer) }
        #expect(throws: EtcdError.self) { try service.timeToLive([], for: peer) }
    }

    @Test func withoutARoleNothingIsTold() async throws {
        try await WatcherFixture.run(try leasingStore()) { fixture in
            try await fixture.withClient("stranger") { client in
                for path in [EtcdMethods.leaseLeases, EtcdMethods.leaseTimeToLive] {
                    let status = try await client.refusal(path, [])
                    #expect(EtcdError(status.code, status.message) == .permissionDenied, "\(path)")
                }
            }
        }
    }
}

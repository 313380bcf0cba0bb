import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

@Suite(.timeLimit(.minutes(2))) struct PeerWatchesTests {
    private let kos = PeerName(PeerIdentity(commonName: "remote-kos"))
    private let hurup = PeerName(PeerIdentity(commonName: "remote-hurup"))

    @Test func eachNameHasItsOwnShare() {
        let watches = PeerWatches(maximum: 2)
        #expect(watches.open(for: kos) && watches.open(for: kos))
        #expect(!watches.open(for: kos))
        #expect(watches.open(for: hurup))
        #expect(watches.count(of: kos) == 2)
        watches.close(1, of: kos)
        #expect(watches.open(for: kos))
        watches.close(2, of: kos)
        watches.close(0, of: hurup)
        #expect(watches.peers == 1)
        watches.close(1, of: hurup)
        #expect(watches.peers == 0)
    }

    @Test func aSessionRefusesTheWatchThatIsTooMuch() throws {
        let session = SessionFixture.session()
        _ = session.createRequested(.all(), peerHasRoom: false, store: 9)
        let head = try session.next(store: 9).sent.head
        #expect(head.created && head.canceled)
        #expect(head.cancelReason == EtcdError.tooManyRequests.description)
        #expect(session.watchCount == 0)
        #expect(try session.make(.all(), store: 9) == 0)
    }

    @Test func oneClientsWatchesAreBoundedOverItsStreamsAndOthersDoNotNotice() async throws {
        try await WatcherFixture.run(configure: { $0.limits.watchesPerPeer = 3 }) { fixture in
            try await fixture.withClient { client in
                let streams = [try client.openWatch(), try client.openWatch()]
                var made: [Int64] = []
                for number in 0..<3 {
                    made.append(try await streams[number % 2].create(.all()).watchID)
                }
                let refused = try await streams[1].create(.all())
                #expect(refused.canceled)
                #expect(refused.cancelReason == EtcdError.tooManyRequests.description)
                try await fixture.withClient("remote") { other in
                    let stream = try other.openWatch()
                    let request = WatchCreateRequest(.prefix("cilium/state/"))
                    #expect(try await !stream.create(request).canceled)
                }
                // A watch that ends makes room, and so does a refused one that never was.
                try await streams[0].send(.cancel(watchID: made[0]))
                #expect(try await streams[0].next().canceled)
                #expect(try await !streams[1].create(.all()).canceled)
                #expect(try await streams[1].create(.all()).canceled)
                // As does a stream with its watches.
                streams[1].stream.cancel()
                try await eventually("room for watches") { try await !streams[0].create(.all()).canceled }
            }
        }
    }

    @Test func watchesThatTheServerEndsMakeRoom() async throws {
        let store = KVStore()
        for number in 0..<5 { try store.put("a", "\(number)") }
        try store.compact(to: 4)
        try await WatcherFixture.run(store, configure: { $0.limits.watchesPerPeer = 1 }) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                for _ in 0..<3 {
                    try await stream.create(WatchCreateRequest(.key("a"), from: 2))
                    #expect(try await stream.next().compactRevision == 4)
                }
                try await stream.create(.all())
                fixture.server.setAccess(AccessPolicy(roles: [try AccessRole(parsing: "cn:reader=b")]))
                #expect(try await stream.next().canceled)
                #expect(try await !stream.create(WatchCreateRequest(.key("b"))).canceled)
            }
        }
    }
}

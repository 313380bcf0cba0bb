import MeshClient
import MeshCore
import MeshRecords
import MeshStore
import TestSupport
import Testing

@testable import MeshMirror

/// What has gone wrong in meshes like this one, each as a test of its own; a peer's usual life is in `PeerLifeTests`.
struct KnownTroubleTests {
    private let sample: Sample
    private let peer: TestPeer

    init() throws {
        sample = try Sample()
        peer = try TestPeer(sample)
    }

    @Test("lost deletes over a reconnect: a subscriber is told of each, once")
    func lostDeletes() async throws {
        let store = try peer.store()
        for number in 0..<5 { try store.publish(sample.node("n\(number)"), in: sample.cluster) }
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            let changes = mirror.changes()
            for number in [1, 3] { try store.delete(.key(RecordKey.node("n\(number)").key(in: sample.cluster))) }
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            var removed: [RecordKey] = []
            for await batch in changes {
                for case .changed(let change) in batch where change.new == nil { removed.append(change.key) }
                if batch.contains(.current(sample.cluster)) { break }
            }
            #expect(removed.sorted() == [.node("n1"), .node("n3")])
        }
    }

    @Test("endless list errors: an hour of them is met by some hundred attempts, not by a loop")
    func listErrors() throws {
        let rotation = try #require(EndpointRotation([EtcdEndpoint(host: "h")]))
        var machine = MirrorStateMachine(rotation: rotation, backoff: Backoff.Configuration())
        var numbers = SplitMix64(seed: 7)
        let start = ContinuousClock.now
        var now = start
        while start.duration(to: now) < .seconds(3600) {
            _ = machine.connectionDue(using: &numbers)
            machine.answered()
            machine.watchBegan(.config)
            machine.identified(following: [.records(.node, .own)])
            machine.listingBegan(.records(.node, .own))
            _ = machine.connectionEnded(nil, at: now, random: .random(in: 0..<1, using: &numbers))
            guard let next = machine.nextAttempt else { break }
            now = max(next, now + .milliseconds(1))
        }
        #expect((60...240).contains(machine.attempts), "\(machine.attempts)")
        #expect(machine.failures == machine.attempts && machine.synchronisations == 0)
    }

    @Test("restart before remote data arrived: the mirror is not current before every kind is read")
    func notCurrentBeforeComplete() async throws {
        var config = sample.config
        config.syncedCanaries = true
        let store = KVStore()
        try store.put(KeyLayout.clusterConfig(of: sample.cluster), config.encoded())
        try store.publish(sample.node("n1"), in: sample.cluster)
        for kind in [RecordKind.node, .identity, .ip] {
            try store.put(KeyLayout.canary(of: sample.cluster, for: kind), "now")
        }
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await eventually { mirror.status.kinds.values.filter(\.isSynced).count == 3 }
                #expect(!mirror.snapshot().isCurrent && mirror.status.state == .listing)
                #expect(mirror.status.kinds[.service].map { $0.isAwaitingCanary && !$0.isSynced } == true)
                try store.put(KeyLayout.canary(of: sample.cluster, for: .service), "now")
                try await mirror.follows(store, sample.decoder)
            }
        }
    }

    @Test("stale data after a restart of the own side: a new mirror holds, and copies on, only what is there now")
    func restarted() async throws {
        let store = try peer.store()
        for number in 0..<3 { try store.publish(sample.node("n\(number)"), in: sample.cluster) }
        try await peer.serving(store) {
            try await running(try peer.configuration()) { try await $0.follows(store, sample.decoder) }
            try store.delete(.key(RecordKey.node("n1").key(in: sample.cluster)))
            let sink = RecordingSink()
            var configuration = try peer.configuration()
            configuration.sink = sink
            try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                try await eventually { sink.events.contains(.synchronised(.ip)) }
                #expect(Set(sink.copy.keys) == [.node("n0"), .node("n2")])
                #expect(sink.events.first == .identified(sample.config), "a copy is told whose it is first")
                let pair = try #require(store.get(RecordKey.node("n0").key(in: sample.cluster)))
                #expect(sink.copy[.node("n0")]?.encoded == pair.encoded, "byte by byte")
            }
        }
    }

    @Test("a peer that speaks of others: nothing that is not its own to say is taken or copied on, whoever says it")
    func lies() async throws {
        let store = try peer.store()
        let other = try Sample("hurup", 2)
        try store.publish(sample.node("n1"), in: sample.cluster)
        // Under the other's name, under the own name, in another number, an identity and an IP of another's range.
        try store.publish(other.node("n2"), in: other.cluster)
        try store.put(RecordKey.node("n2").key(in: sample.cluster), other.node("n2").encoded())
        let numbered = try Sample("athens", 2)
        try store.publish(numbered.node("n3"), in: sample.cluster)
        try store.publish(numbered.identity(9), in: sample.cluster)
        try store.publish(numbered.ip("10.9.9.9"), in: sample.cluster)
        let sink = RecordingSink()
        var configuration = try peer.configuration()
        configuration.sink = sink
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.snapshot().counts.total == 1 && mirror.status.rejections.current == 5)
                #expect(Set(sink.copy.keys) == [.node("n1")])
                #expect(mirror.status.state == .watching && mirror.status.failures == 0)
            }
        }
    }

    @Test("keys that nobody reads: an identity's other names are not mirrored at all")
    func selective() async throws {
        let store = try peer.store()
        try store.publish(sample.identity(1), in: sample.cluster)
        for number in 0..<20 {
            try store.put(Key("cilium/state/identities/v1/value/k8s:app=a\(number);/10.0.0.1"), "65537")
            try store.put(Key("cilium/state/identities/v1/locks/\(number)"), "x")
            try store.put(Key("cilium/state/endpointslices/v1/athens/shop/s\(number)"), "x")
        }
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.keys == 1, "one identity")
                #expect(mirror.status.rejections.total == 0)
            }
        }
    }

    @Test("the same names in two clusters: neither's record touches the other's")
    func sameNames() async throws {
        let other = try Sample("hurup", 2)
        let otherPeer = try TestPeer(other)
        let (store, otherStore) = (try peer.store(), try otherPeer.store())
        try store.publish(sample.node("n1", bootID: "a"), in: sample.cluster)
        try otherStore.publish(other.node("n1", bootID: "b"), in: other.cluster)
        try await peer.serving(store) {
            try await otherPeer.serving(otherStore) {
                try await running(try peer.configuration()) { mirror in
                    try await running(try otherPeer.configuration()) { otherMirror in
                        try await mirror.follows(store, sample.decoder)
                        try await otherMirror.follows(otherStore, other.decoder)
                        let changes = otherMirror.changes()
                        try store.delete(.key(RecordKey.node("n1").key(in: sample.cluster)))
                        try await mirror.follows(store, sample.decoder)
                        #expect(mirror.snapshot().counts.nodes == 0)
                        #expect(otherMirror.snapshot()[.node("n1")]?.record == other.node("n1", bootID: "b"))
                        #expect(changes.snapshot.cluster == other.cluster)
                    }
                }
            }
        }
    }

    @Test("loss of a remote store, and whatever answers in its place, never ends the mirror")
    func neverFatal() async throws {
        let store = try peer.store()
        try store.publish(sample.node("n1"), in: sample.cluster)
        let silent = try SilentListener()
        var configuration = try peer.configuration()
        configuration.connectTimeout = .milliseconds(200)
        try await running(configuration) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            // Nobody, somebody who says nothing, another cluster's server, a store without a config.
            try await eventually { mirror.status.failures > 1 }
            mirror.replaceEndpoints([EtcdEndpoint(host: "127.0.0.1", port: silent.port)])
            var failures = mirror.status.failures
            try await eventually("silence is given up") { mirror.status.failures > failures + 1 }
            mirror.replaceEndpoints(configuration.endpoints)
            try await peer.serving(store, credentials: TestCertificates.server("hurup")) {
                failures = mirror.status.failures
                try await eventually("a stranger is refused") { mirror.status.failures > failures + 1 }
            }
            try await peer.serving(KVStore()) { try await mirror.reaches(.identifying) }
            #expect(mirror.snapshot().counts.nodes == 1)
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
        }
        silent.close()
    }
}

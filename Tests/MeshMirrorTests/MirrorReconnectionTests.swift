import MeshClient
import MeshCore
import MeshRecords
import MeshStore
import TestSupport
import Testing

@testable import MeshMirror

struct MirrorReconnectionTests {
    private let sample: Sample
    private let peer: TestPeer

    init() throws {
        sample = try Sample()
        peer = try TestPeer(sample)
    }

    private func filledStore(_ count: Int) throws -> KVStore {
        let store = try peer.store()
        for number in 0..<count { try store.publish(sample.node("n\(number)"), in: sample.cluster) }
        return store
    }

    @Test("while a peer is away its records are kept and marked stale; afterwards the watch resumes without a listing")
    func resumes() async throws {
        let store = try filledStore(5)
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            try await eventually { !mirror.status.state.isCurrent }
            #expect(mirror.snapshot().counts.nodes == 5 && !mirror.snapshot().isCurrent)
            #expect(mirror.status.staleness.map { $0 > .zero } == true)
            try await eventually { mirror.status.lastError != nil }

            // Deletions that happen meanwhile must not be lost.
            try store.delete(.key(RecordKey.node("n1").key(in: sample.cluster)))
            try store.publish(sample.node("n9"), in: sample.cluster)
            let changes = mirror.changes()
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            #expect(mirror.status.resyncs.isEmpty)
            #expect(mirror.status.synchronisations == 2)
            let expected = [
                RecordChange(cluster: sample.cluster, key: .node("n1"), old: sample.node("n1")),
                RecordChange(cluster: sample.cluster, key: .node("n9"), new: sample.node("n9")),
            ]
            var told: [RecordChange] = []
            for await batch in changes {
                for case .changed(let change) in batch { told.append(change) }
                if told.count >= expected.count { break }
            }
            #expect(told == expected, "what was there before is not told again")
        }
    }

    @Test("another store behind the address is listed and compared: only what differs is told")
    func anotherStore() async throws {
        let store = try filledStore(5)
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            let other = try filledStore(4)
            try other.publish(sample.node("n0", bootID: "other"), in: sample.cluster)
            try other.publish(sample.node("n7"), in: sample.cluster)
            try await peer.serving(other) {
                try await mirror.follows(other, sample.decoder)
                #expect(mirror.status.storeID == other.identity.clusterID)
                #expect(mirror.status.lastResync?.causes.contains(.otherStore) == true)
                #expect(mirror.status.lastResync?.changes == ChangeCounts(added: 1, changed: 1, removed: 1))
            }
        }
    }

    @Test("an empty store without a cluster config takes nothing away")
    func emptyStore() async throws {
        let store = try filledStore(5)
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            try await peer.serving(KVStore()) {
                try await mirror.reaches(.identifying)
                #expect(mirror.snapshot().counts.nodes == 5)
            }
        }
    }

    @Test("a compaction past the mirror's position while it is away makes it list again, deletions included")
    func compacted() async throws {
        let store = try filledStore(5)
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) { try await mirror.follows(store, sample.decoder) }
            try store.delete(.key(RecordKey.node("n1").key(in: sample.cluster)))
            try store.publish(sample.node("n2", bootID: "new"), in: sample.cluster)
            try store.compact(to: store.revision)
            try await peer.serving(store) {
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.resyncs[.compacted, default: 0] > 0)
                #expect(mirror.status.lastResync?.changes == ChangeCounts(added: 0, changed: 1, removed: 1))
            }
        }
    }

    @Test("an endpoint that is dead does not keep the mirror from the others")
    func endpoints() async throws {
        let store = try filledStore(2)
        var configuration = try peer.configuration()
        configuration.endpoints += (try FreePort.find(2)).map { EtcdEndpoint(host: "127.0.0.1", port: $0) }
        try await peer.serving(store) {
            try await running(configuration) { mirror in try await mirror.follows(store, sample.decoder) }
        }
    }

    @Test("a host that does not resolve is reached by the address it is given")
    func alias() async throws {
        let store = try filledStore(2)
        var configuration = try peer.configuration()
        configuration.endpoints = [EtcdEndpoint(host: "athens.mesh.cilium.io", port: peer.port, address: "127.0.0.1")]
        try await peer.serving(store) {
            try await running(configuration) { mirror in try await mirror.follows(store, sample.decoder) }
        }
    }
}

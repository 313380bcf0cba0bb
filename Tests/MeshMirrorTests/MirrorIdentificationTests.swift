import Logging
import MeshClient
import MeshCore
import MeshRecords
import MeshStore
import TestSupport
import Testing

@testable import MeshMirror

extension Logger {
    /// Says nothing.
    static var silent: Logger { Logger(label: "silent", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

struct MirrorIdentificationTests {
    private let sample: Sample
    private let peer: TestPeer

    init() throws {
        sample = try Sample()
        peer = try TestPeer(sample)
    }

    @Test("a peer with another ID is refused, with both IDs in the error, and nothing of it is taken")
    func wrongID() async throws {
        let store = KVStore()
        try store.put(KeyLayout.clusterConfig(of: sample.cluster), ClusterConfig(id: 7).encoded())
        try store.publish(sample.node("n1"), in: sample.cluster)
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await eventually { mirror.status.lastError != nil }
                let error = try #require(mirror.status.lastError)
                #expect(error.contains("7") && error.contains("configured as 1"))
                try await eventually("it tries again") { mirror.status.connections > 2 }
                #expect(mirror.snapshot().counts.total == 0)
                #expect(mirror.status.synchronisations == 0)

                // The peer's operator corrects it.
                try store.put(KeyLayout.clusterConfig(of: sample.cluster), sample.config.encoded())
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.lastError == nil)
            }
        }
    }

    @Test("a peer without cluster config is waited for, and followed as soon as it publishes one")
    func missingConfig() async throws {
        let store = KVStore()
        try store.publish(sample.node("n1"), in: sample.cluster)
        try await peer.serving(store) {
            try await running(try peer.configuration()) { mirror in
                try await mirror.reaches(.identifying)
                #expect(mirror.snapshot().counts.total == 0)
                try store.put(KeyLayout.clusterConfig(of: sample.cluster), sample.config.encoded())
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.connections == 1)
            }
        }
    }

    @Test("the wait for a cluster config is bounded, and the error says what may be wrong")
    func identifyTimeout() async throws {
        var configuration = try peer.configuration()
        configuration.identifyTimeout = .seconds(1)
        try await peer.serving(KVStore()) {
            try await running(configuration) { mirror in
                try await eventually { mirror.status.lastError != nil }
                #expect(
                    mirror.status.lastError?.contains("cluster config within 1.0 seconds; is its name athens?") == true)
            }
        }
    }

    @Test("where no config is required, a peer without one is followed; a wrong one is refused all the same")
    func notRequired() async throws {
        var configuration = try peer.configuration()
        configuration.requiresClusterConfig = false
        let store = KVStore()
        try store.publish(sample.node("n1"), in: sample.cluster)
        try await peer.serving(store) {
            try await running(configuration) { mirror in
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.config == nil && mirror.status.id == sample.id)
                try store.put(KeyLayout.clusterConfig(of: sample.cluster), ClusterConfig(id: 7).encoded())
                try await eventually { mirror.status.lastError?.contains("configured as 1") == true }
                #expect(mirror.snapshot().counts.total == 1, "what it held is kept")
            }
        }
    }

    @Test("the deletion of a config means nothing on this connection, but the next one waits for it")
    func deletedConfig() async throws {
        let store = try peer.store()
        try store.publish(sample.node("n1"), in: sample.cluster)
        try await running(try peer.configuration()) { mirror in
            try await peer.serving(store) {
                try await mirror.follows(store, sample.decoder)
                try store.delete(.key(KeyLayout.clusterConfig(of: sample.cluster)))
                try store.publish(sample.node("n2"), in: sample.cluster)
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.state == .watching)
            }
            try await peer.serving(store) {
                try await mirror.reaches(.identifying)
                try store.delete(.prefix(KeyLayout.state))
                #expect(mirror.snapshot().counts.total == 2, "an unidentified peer's emptiness is not believed")
            }
        }
    }

    @Test("a client without a role gets the server's refusal in its status")
    func noRole() async throws {
        try await peer.serving(try peer.store()) {
            try await running(try peer.configuration(client: "stranger")) { mirror in
                try await eventually { mirror.status.lastError?.contains("permission denied") == true }
            }
        }
    }

    @Test("a server with another cluster's certificate is refused before anything is asked")
    func otherCertificate() async throws {
        try await peer.serving(try peer.store(), credentials: TestCertificates.server("hurup")) {
            try await running(try peer.configuration()) { mirror in
                try await eventually { mirror.status.lastError != nil }
                #expect(mirror.status.lastError?.contains("hurup.mesh.cilium.io") == true, "\(mirror.status)")
                #expect(mirror.status.storeID == nil)
            }
        }
    }
}

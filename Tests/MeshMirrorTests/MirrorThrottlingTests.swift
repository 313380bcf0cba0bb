import MeshClient
import MeshCore
import MeshRecords
import MeshStore
import TestSupport
import Testing

@testable import MeshMirror

struct MirrorThrottlingTests {
    private let sample: Sample
    private let peer: TestPeer

    init() throws {
        sample = try Sample()
        peer = try TestPeer(sample)
    }

    private func configuration() throws -> MirrorConfiguration {
        var configuration = try peer.configuration()
        configuration.steadyRate = 200
        return configuration
    }

    /// Writes `count` nodes in one transaction.
    private func publish(_ count: Int, to store: KVStore) throws {
        let nodes = (0..<count).map { sample.node("n\($0)") }
        try store.transaction { transaction in
            for node in nodes { transaction.put(node.key.key(in: sample.cluster), node.encoded()) }
        }
    }

    @Test("a peer that sends too much is held back, its changes come all the same, and the status tells for how long")
    func holdsBack() async throws {
        let store = try peer.store()
        try await peer.serving(store) {
            try await running(try configuration()) { mirror in
                try await mirror.reaches(.watching)
                #expect(mirror.status.throttledFor == .zero)
                let start = ContinuousClock.now
                try publish(100, to: store)
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.throttledFor == .zero, "a second's worth is taken at once")
                for _ in 0..<4 { try publish(100, to: store) }
                try store.publish(sample.node("last"), in: sample.cluster)
                try await mirror.follows(store, sample.decoder)
                #expect(mirror.status.throttledFor > .milliseconds(500))
                // 500 changes at 200 a second, but for the first second's.
                #expect(start.duration(to: .now) > .milliseconds(1_000))
                #expect(mirror.status.state == .watching)
            }
        }
    }

    @Test("a mirror that holds its peer back is removed at once")
    func drains() async throws {
        let store = try peer.store()
        try await peer.serving(store) {
            try await running(try configuration()) { mirror in
                try await mirror.reaches(.watching)
                // Three megabytes in one message: a quarter of a minute at this rate.
                let large = (0..<3).map { sample.node("n\($0)", bootID: String(repeating: "x", count: 1_000_000)) }
                try store.transaction { transaction in
                    for node in large { transaction.put(node.key.key(in: sample.cluster), node.encoded()) }
                }
                try await eventually { mirror.status.throttledFor > .seconds(10) }
                try await within(.seconds(20)) { await mirror.drain() }
                #expect(mirror.status.state == .gone && mirror.snapshot().counts.total == 0)
            }
        }
    }
}

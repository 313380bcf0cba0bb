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

    private func configuration(steadyRate: Int) throws -> MirrorConfiguration {
        var configuration = try peer.configuration()
        configuration.steadyRate = steadyRate
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
            try await running(try configuration(steadyRate: 200)) { mirror in
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
            try await running(try configuration(steadyRate: 100)) { mirror in
                try await mirror.reaches(.watching)
                // 1,367 KiB in one message: at this rate nothing more is read for a quarter of a minute.
                let large = sample.node("large", bootID: String(repeating: "x", count: 1_400_000))
                try store.publish(large, in: sample.cluster)
                try await eventually { mirror.status.throttledFor > .seconds(10) }
                #expect(mirror.snapshot()[large.key]?.record == large, "what was read is applied before")
                let start = ContinuousClock.now
                await mirror.drain()
                #expect(start.duration(to: .now) < .seconds(8))
                #expect(mirror.status.state == .gone && mirror.snapshot().counts.total == 0)
            }
        }
    }
}

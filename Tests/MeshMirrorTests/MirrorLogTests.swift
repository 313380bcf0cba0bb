import Logging
import MeshClient
import MeshCore
import MeshStore
import TestSupport
import Testing

@testable import MeshMirror

/// Keeps what is logged.
private final class LogCapture: Sendable {
    private let lines = Locked<[(level: Logger.Level, text: String)]>([])

    /// What was logged at info or above.
    var spoken: [String] { lines.withLock { $0.filter { $0.level >= .info }.map(\.text) } }

    var logger: Logger { Logger(label: "capture") { _ in Handler(capture: self) } }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            capture.lines.withLock { $0.append((event.level, "\(event.message)")) }
        }
    }
}

struct MirrorLogTests {
    private let sample: Sample
    private let peer: TestPeer

    init() throws {
        sample = try Sample()
        peer = try TestPeer(sample)
    }

    /// Runs a mirror that logs to `capture` while `body` runs.
    private func running(_ capture: LogCapture, _ body: (RemoteClusterMirror) async throws -> Void) async throws {
        let mirror = try RemoteClusterMirror(configuration: try peer.configuration(), logger: capture.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await mirror.run() }
            try await body(mirror)
            group.cancelAll()
        }
    }

    @Test("each state is told once, with what matters in it")
    func states() async throws {
        let capture = LogCapture()
        let store = try peer.store()
        try store.publish(sample.node("n1"), in: sample.cluster)
        try await peer.serving(store) {
            try await running(capture) { mirror in try await mirror.follows(store, sample.decoder) }
        }
        let lines = capture.spoken.filter { $0.hasPrefix("mirror of athens") }
        #expect(
            lines == [
                "mirror of athens: connecting to https://127.0.0.1:\(peer.port)",
                "mirror of athens: identifying",
                "mirror of athens: listing",
                "mirror of athens: watching from revision \(store.revision), 1 records",
                "mirror of athens: idle",
            ]
        )
    }

    @Test("a peer that can't be reached is told of once, however often it is tried")
    func unreachable() async throws {
        let capture = LogCapture()
        try await running(capture) { mirror in
            try await eventually("it tries") { mirror.status.connections > 8 }
        }
        let lines = capture.spoken.filter { $0.hasPrefix("mirror of athens") }
        #expect(lines.filter { $0.contains("connecting") }.count == 1, "\(lines)")
        #expect(lines.filter { $0.contains("disconnected: ") }.count <= 2, "\(lines)")
    }

    @Test("what was said is remembered up to a bound, and forgotten once the peer is synchronised")
    func saidOnce() {
        var said = SaidOnce()
        let first = [said.isNew("a", since: false), said.isNew("a", since: false)]
        #expect(first == [true, false])
        let synchronised = [said.isNew("b", since: true), said.isNew("a", since: false)]
        #expect(synchronised == [true, true])
        for number in 0..<SaidOnce.bound { _ = said.isNew("\(number)", since: false) }
        let later = said.isNew("a", since: false)
        #expect(later, "the bound was reached, and everything forgotten")
    }
}

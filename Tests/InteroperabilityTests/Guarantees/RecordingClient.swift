import ClusterMesh
import ClusterMeshTestKit
import MeshRPC
import MeshWire
import TestSupport
import Testing

/// A client of several watches, over a connection that may break at any time.
struct RecordingClient: Sendable {
    let name: String
    let wishes: [WatchCreateRequest]
    /// Whether it lets messages pile up at the server.
    let isSlow: Bool
    /// Whether it asks for progress: etcd 3.4 may answer before the events that the answer speaks of.
    let asksForProgress: Bool
    /// The link to the server.
    let link: FaultyLink
    let course: Course

    /// What the clients and the one who writes tell each other.
    final class Course: Sendable {
        private struct State {
            var ready: Set<String> = []
            var end: Revision?
            var stage: Revision?
            var arrived: Set<String> = []
        }

        private let state = Locked(State())

        /// The revision at which the clients may stop, once it is known.
        var end: Revision? {
            get { state.withLock { $0.end } }
            set { state.withLock { $0.end = newValue } }
        }

        /// How many clients have had all their watches confirmed at least once.
        var readyClients: Int { state.withLock { $0.ready.count } }

        func isReady(_ name: String) { _ = state.withLock { $0.ready.insert(name) } }

        /// Waits until clients have been sent everything up to a revision.
        func wait(for clients: [String], at revision: Revision) async throws {
            state.withLock { state in
                state.stage = revision
                state.arrived = []
            }
            try await eventually(within: .seconds(60), "\(clients) are at \(revision)") {
                state.withLock { $0.arrived.isSuperset(of: clients) }
            }
        }

        /// Says how far a client is.
        func isAt(_ recorder: WatchRecorder, _ name: String) {
            state.withLock { state in
                guard let stage = state.stage, recorder.hasReached(stage) else { return }
                state.arrived.insert(name)
            }
        }
    }

    /// Watches until everything up to the end of the course has come, over as many streams as it takes.
    func run() async throws -> WatchRecorder {
        var recorder = WatchRecorder(name, wishes)
        let channel = try EtcdWriter(
            port: link.port,
            credentials: try TestCertificates.client("remote"),
            receiveWindowBytes: isSlow ? 8_192 : nil
        )
        try await withEtcdWriter(channel) { channel in
            while course.end.map({ !recorder.hasReached($0) }) ?? true {
                do {
                    try await watch(channel, &recorder)
                } catch let status as RPCStatus where status.code == .unavailable {
                    // The link broke; nobody waits for a server that cannot be reached.
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
        }
        return recorder
    }

    /// One stream, until the course is over or the stream breaks.
    private func watch(_ channel: EtcdWriter, _ recorder: inout WatchRecorder) async throws {
        let stream = try WatchClient(channel)
        defer { stream.close() }
        for request in recorder.streamOpened() { try await stream.send(.create(request)) }
        if asksForProgress { try await stream.send(.progress) }
        while course.end.map({ !recorder.hasReached($0) }) ?? true {
            let message = try await stream.next()
            if let request = try recorder.received(message) { try await stream.send(.create(request)) }
            if recorder.isReady { course.isReady(name) }
            course.isAt(recorder, name)
            if isSlow { try await Task.sleep(for: .milliseconds(3)) }
            if asksForProgress, message.watchID == -1 {
                try await Task.sleep(for: .milliseconds(5))
                try await stream.send(.progress)
            }
        }
    }
}

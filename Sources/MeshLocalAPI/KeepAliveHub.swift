internal import MeshCore
internal import MeshRPC
internal import MeshStore

/// The open streams of keep-alives of a server, and the one task that does their renewals.
final class KeepAliveHub: Sendable {
    private struct State: Sendable {
        var streams: [ObjectIdentifier: KeepAliveDriver] = [:]
        /// The streams on which renewals wait.
        var waiting: [ObjectIdentifier: KeepAliveDriver] = [:]
    }

    let store: KVStore
    private let state = Locked(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(store: KVStore) {
        self.store = store
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Knows a stream until it is removed.
    func add(_ stream: KeepAliveDriver) {
        state.withLock { $0.streams[ObjectIdentifier(stream)] = stream }
    }

    /// Forgets a stream that has closed, with the renewals that wait on it.
    func remove(_ stream: KeepAliveDriver) {
        state.withLock { state in
            state.streams[ObjectIdentifier(stream)] = nil
            state.waiting[ObjectIdentifier(stream)] = nil
        }
    }

    /// The streams as they are now.
    var open: [KeepAliveDriver] { state.withLock { Array($0.streams.values) } }

    /// A stream wants its renewals done. Cheap: called on a thread of the transport.
    func renewalsWait(on stream: KeepAliveDriver) {
        state.withLock { $0.waiting[ObjectIdentifier(stream)] = stream }
        signal.yield()
    }

    /// Does renewals until the task is cancelled; those that came before are not lost.
    func run() async {
        for await _ in signals {
            let waiting = state.withLock { state in
                defer { state.waiting = [:] }
                return state.waiting
            }
            for stream in waiting.values { stream.renew() }
        }
    }
}

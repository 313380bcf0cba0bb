import MeshClient
import MeshCore
import MeshWire

/// A server without a network: ranges out of a model, and a stream whose messages the test puts in.
final class ScriptedSource: EtcdSource {
    private struct State {
        var server: ModelServer
        var requests: [RangeRequest] = []
        var streams: [ScriptedWatches] = []
        var failure: EtcdError?
        var answersBeforeFailure = 0
    }

    private let state: Locked<State>

    init(_ server: ModelServer) {
        state = Locked(State(server: server))
    }

    var requests: [RangeRequest] { state.withLock { $0.requests } }
    var streams: [ScriptedWatches] { state.withLock { $0.streams } }
    var server: ModelServer { state.withLock { $0.server } }

    func change(_ body: (inout ModelServer) -> Void) { state.withLock { body(&$0.server) } }

    /// Lets every read fail once as many more were answered.
    func fail(with error: EtcdError, afterAnswers count: Int = 0) {
        state.withLock { state in
            state.failure = error
            state.answersBeforeFailure = count
        }
    }

    func range(_ request: RangeRequest) async throws(EtcdError) -> (ResponseHeader, RangeAnswer) {
        try state.withLock { state throws(EtcdError) in
            state.requests.append(request)
            if let failure = state.failure {
                guard state.answersBeforeFailure > 0 else { throw failure }
                state.answersBeforeFailure -= 1
            }
            return try state.server.range(request)
        }
    }

    func openWatch() throws(EtcdError) -> ScriptedWatches {
        state.withLock { state in
            let stream = ScriptedWatches()
            state.streams.append(stream)
            return stream
        }
    }
}

/// A stream of watches whose messages the test puts in.
final class ScriptedWatches: EtcdWatchSource {
    private struct State {
        var created: [WatchCreateRequest] = []
        var timeouts: [Duration?] = []
        var progressRequests = 0
        var isCancelled = false
    }

    private let state = Locked(State())
    private let messages: AsyncStream<WatchServerMessage>
    private let input: AsyncStream<WatchServerMessage>.Continuation

    init() {
        (messages, input) = AsyncStream.makeStream()
    }

    var created: [WatchCreateRequest] { state.withLock { $0.created } }
    var progressRequests: Int { state.withLock { $0.progressRequests } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }
    /// The timeouts that messages were asked for with.
    var timeouts: [Duration?] { state.withLock { $0.timeouts } }

    func send(_ message: WatchServerMessage) { input.yield(message) }

    func end() { input.finish() }

    func create(_ request: WatchCreateRequest) async throws(EtcdError) {
        state.withLock { $0.created.append(request) }
    }

    func requestProgress() async throws(EtcdError) {
        state.withLock { $0.progressRequests += 1 }
    }

    func next(timeout: Duration?) async throws(EtcdError) -> WatchServerMessage? {
        state.withLock { $0.timeouts.append(timeout) }
        for await message in messages { return message }
        if Task.isCancelled { throw EtcdError(.cancelled, "the task was cancelled") }
        return nil
    }

    func cancel() { state.withLock { $0.isCancelled = true } }
}

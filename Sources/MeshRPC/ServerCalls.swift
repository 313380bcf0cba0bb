internal import Logging
internal import MeshCore
internal import Synchronization

/// The open calls of a server: admits them within their bounds, watches over their time, ends them at its shutdown.
final class ServerCalls: Sendable {
    private struct State: Sendable {
        var unary: [ObjectIdentifier: ServerUnaryCall] = [:]
        var streams: [ObjectIdentifier: ServerStream] = [:]
        var isClosing = false
        var openedUnary = 0
        var openedStreams = 0
        var refused: [Refusal: Int] = [:]

        var isIdle: Bool { unary.isEmpty && streams.isEmpty }
    }

    /// Why calls are refused before their handlers see them.
    private enum Refusal {
        case method
        case certificate
        case bound
    }

    static let shuttingDown = RPCStatus(.unavailable, "the server is shutting down")

    /// Unary calls whose request is here.
    let queue: CallQueue<ServerUnaryCall>

    /// Opens when the server is closing and its last call has ended.
    let idle = Latch()

    /// What each client has of the server.
    let accounts: PeerAccounts

    private let configuration: RPCServerConfiguration
    private let connections = PeerConnections()
    private let countOfJudgements = Atomic<Int>(0)
    private let handlers: RPCHandlers
    private let logger: Logger
    private let state = Locked(State())

    init(configuration: RPCServerConfiguration, handlers: RPCHandlers, logger: Logger) {
        self.configuration = configuration
        self.handlers = handlers
        self.logger = logger
        accounts = PeerAccounts(limits: configuration.peerLimits)
        queue = CallQueue(maximumRunning: configuration.maximumRunningCalls)
    }

    /// How many streams and unary calls are open.
    var counts: (streams: Int, unary: Int) { state.withLock { ($0.streams.count, $0.unary.count) } }

    /// What is open, and what was done so far; of handshakes nothing.
    var counters: RPCServerCounters {
        var counters = state.withLock { state in
            var counters = RPCServerCounters()
            counters.openStreams = state.streams.count
            counters.openCalls = state.unary.count
            counters.openedStreams = state.openedStreams
            counters.openedCalls = state.openedUnary
            counters.refusedMethods = state.refused[.method] ?? 0
            counters.refusedCertificates = state.refused[.certificate] ?? 0
            counters.refusedByBounds = state.refused[.bound] ?? 0
            return counters
        }
        let sent = accounts.sent
        counters.sentMessages = sent.messages
        counters.sentBytes = sent.bytes
        return counters
    }

    private func refuse(_ accepted: AcceptedCall, _ status: RPCStatus, because refusal: Refusal) {
        state.withLock { $0.refused[refusal, default: 0] += 1 }
        accepted.refuse(status)
    }

    /// A call arrived. Called on a poller.
    func accept(_ accepted: AcceptedCall) {
        var accepted = accepted
        let (method, handler) = handlers.registered(accepted.method)
        accepted.method = method
        switch handler {
        case .refusal(let status):
            refuse(accepted, status, because: .method)
        case .unary(let handler):
            open(accepted, handler)
        case .stream(let make):
            open(accepted, make)
        }
    }

    private func open(_ accepted: AcceptedCall, _ handler: RPCHandlers.Unary) {
        let connection = connections.connection(of: accepted.call, verifier: configuration.verifier)
        let peer: PeerIdentity
        switch connection.verdict {
        case .success(let value): peer = value
        case .failure(let status): return refuse(accepted, status, because: .certificate)
        }
        let account: PeerAccount
        switch accounts.open(.call, for: peer) {
        case .success(let value): account = value
        case .failure(let status): return refuse(accepted, status, because: .bound)
        }
        let call = ServerUnaryCall(
            accepted,
            over: connection,
            calls: self,
            account: account,
            maximumRequestBytes: handler.maximumRequestBytes ?? configuration.maximumRequestBytes,
            expiry: ContinuousClock.now + configuration.maximumCallDuration,
            handler: handler
        )
        if let refusal = admit(call) {
            accounts.close(.call, of: account)
            return refuse(accepted, refusal, because: .bound)
        }
        call.start()
    }

    private func open(_ accepted: AcceptedCall, _ make: RPCHandlers.StreamFactory) {
        let judgements = self.judgements
        let connection = connections.connection(of: accepted.call, verifier: configuration.verifier)
        var accepted = accepted
        accepted.metadata = connection.shared(accepted.metadata)
        let context: RPCCallContext
        switch accepted.context(over: connection) {
        case .success(let value): context = value
        case .failure(let status): return refuse(accepted, status, because: .certificate)
        }
        let account: PeerAccount
        switch accounts.open(.stream, for: context.peer) {
        case .success(let value): account = value
        case .failure(let status): return refuse(accepted, status, because: .bound)
        }
        let stream = ServerStream(accepted, over: connection, calls: self, account: account)
        if let refusal = admit(stream) {
            accounts.close(.stream, of: account)
            return refuse(accepted, refusal, because: .bound)
        }
        let handle = RPCStreamHandle(stream, context: context)
        do {
            stream.start(try make(context, handle))
        } catch {
            stream.abandon()
            let status = RPCStatus(thrown: error)
            if status.code == .unknown { logger.error("opening \(context.method) failed: \(error)") }
            accepted.refuse(status)
            ended(stream)
        }
        // Where all were judged anew meanwhile, this one was judged before, and may have been passed over.
        if judgements != self.judgements { judge([stream]) }
    }

    private func admit(_ call: ServerUnaryCall) -> RPCStatus? {
        state.withLock { state in
            if state.isClosing { return Self.shuttingDown }
            guard state.unary.count < configuration.maximumPendingCalls else {
                return RPCStatus(.resourceExhausted, "\(state.unary.count) calls wait or run already; try later")
            }
            state.unary[ObjectIdentifier(call)] = call
            state.openedUnary += 1
            return nil
        }
    }

    private func admit(_ stream: ServerStream) -> RPCStatus? {
        state.withLock { state in
            if state.isClosing { return Self.shuttingDown }
            guard state.streams.count < configuration.maximumStreams else {
                return RPCStatus(.resourceExhausted, "\(state.streams.count) streams are open already; try later")
            }
            state.streams[ObjectIdentifier(stream)] = stream
            state.openedStreams += 1
            return nil
        }
    }

    func ended(_ stream: ServerStream) {
        let wasOpen = removed { $0.streams.removeValue(forKey: ObjectIdentifier(stream)) != nil }
        if wasOpen { accounts.close(.stream, of: stream.account) }
    }

    func endedIfOver(_ call: ServerUnaryCall) {
        guard call.isOver else { return }
        let wasOpen = removed { $0.unary.removeValue(forKey: ObjectIdentifier(call)) != nil }
        guard wasOpen else { return }
        accounts.sent(call.unreadBytes, of: call.account)
        accounts.close(.call, of: call.account)
    }

    /// Does `remove`, which says whether it removed anything.
    private func removed(_ remove: (inout State) -> Bool) -> Bool {
        let (wasOpen, isIdle) = state.withLock { state in
            let wasOpen = remove(&state)
            return (wasOpen, state.isClosing && state.isIdle)
        }
        if isIdle { idle.open() }
        return wasOpen
    }

    /// Looks at the time that calls and streams have taken; to be called once in every `interval`.
    func tick(interval: Duration) {
        let (unary, streams) = state.withLock { (Array($0.unary.values), Array($0.streams.values)) }
        let now = ContinuousClock.now
        for call in unary { call.expire(at: now) }
        let limit = Int((configuration.maximumSendStall / interval).rounded(.up))
        for stream in streams { stream.tick(limit: limit) }
    }

    /// Gives up the calls that wait for their turn. To be called when all connections are closed.
    func discardQueued() {
        for call in queue.empty() { call.discard() }
    }

    /// How often all certificates have been judged anew: what was judged at the same number is still judged rightly.
    var judgements: Int { countOfJudgements.load(ordering: .acquiring) }

    /// Judges the certificates of all open streams, because what the verifier goes by has changed, and ends those whose
    /// certificate is refused now; returns how many. Unary calls are judged again before they are answered.
    func judgeAnew() -> Int {
        // Before the streams are looked at: who is admitted behind that look finds another number than before.
        countOfJudgements.wrappingAdd(1, ordering: .acquiringAndReleasing)
        return judge(state.withLock { Array($0.streams.values) })
    }

    @discardableResult
    private func judge(_ streams: [ServerStream]) -> Int {
        var ended = 0
        for stream in streams {
            guard case .failure(let refusal) = stream.connection.verdict, stream.isStarted else { continue }
            stream.requestEnd(refusal, isForced: true)
            ended += 1
        }
        return ended
    }

    /// Admits no more calls, and asks the streams to end after the message that is on its way.
    func close() {
        let (streams, isIdle) = state.withLock { state in
            state.isClosing = true
            return (Array(state.streams.values), state.isIdle)
        }
        queue.close()
        for stream in streams { stream.requestEnd(Self.shuttingDown, isForced: false) }
        if isIdle { idle.open() }
    }
}

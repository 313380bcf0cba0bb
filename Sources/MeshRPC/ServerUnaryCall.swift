internal import Logging
internal import MeshCore

/// The shell of a server's unary call.
///
/// The end of the call is awaited from the moment on from which somebody else than the poller works on it; where the
/// answer is there at once, together with the answer, which saves core a round through its queue.
final class ServerUnaryCall: BatchOwner {
    private struct State: Sendable {
        var machine = ServerUnaryStateMachine()
        /// The request of a call that waits for its turn.
        var request: ReceivedMessage?
        /// Opens when a handler's task need not go on.
        var stop: Latch?
        var unreadBytes = 0
        /// Whether core was asked to tell the call's end.
        var isEndAwaited = false
    }

    /// Where the client's calls are counted.
    let account: PeerAccount

    /// When the call has taken too long.
    let expiry: ContinuousClock.Instant

    private let accepted: AcceptedCall
    private let connection: PeerConnection
    private let calls: ServerCalls
    private let maximumRequestBytes: Int
    private let handler: RPCHandlers.Unary
    private let state = Locked(State())

    init(
        _ accepted: AcceptedCall,
        over connection: PeerConnection,
        calls: ServerCalls,
        account: PeerAccount,
        maximumRequestBytes: Int,
        expiry: ContinuousClock.Instant,
        handler: RPCHandlers.Unary
    ) {
        self.accepted = accepted
        self.connection = connection
        self.calls = calls
        self.account = account
        self.maximumRequestBytes = maximumRequestBytes
        self.expiry = expiry
        self.handler = handler
    }

    /// Starts to read the request. Called on the poller.
    func start() {
        let receive = OperationBatch(.receive)
        receive.receiveMessage()
        guard !receive.start(on: accepted.call, for: self) else { return }
        accepted.call.cancel()
        state.withLock { state in
            _ = state.machine.requestFailed()
            state.machine.closed()
        }
        calls.endedIfOver(self)
    }

    /// Ends the call if its time is over.
    func expire(at now: ContinuousClock.Instant) {
        guard now >= expiry else { return }
        guard state.withLock({ $0.machine.expired() }) else { return }
        answer(.failure(RPCStatus(.deadlineExceeded, "the server did not answer in the time it gives a call")))
        state.withLock { $0.stop }?.open()
    }

    /// Whether nothing will happen to the call any more.
    var isOver: Bool { state.withLock { $0.machine.isOver } }
}

// MARK: - Handling in a task

extension ServerUnaryCall {
    /// Has the call wait for its turn.
    private func postpone(_ request: ReceivedMessage) {
        let mustQueue = state.withLock { state in
            guard state.machine.postponed() else { return false }
            state.request = request
            state.stop = Latch()
            return true
        }
        guard mustQueue else { return }
        awaitEnd()
        calls.queue.enqueue(self)
    }

    /// Runs the handler and answers with what it returns or throws. Called by a task of the server's.
    func run(logger: Logger) async {
        let work = state.withLock { state -> (ReceivedMessage, Latch)? in
            defer { state.request = nil }
            guard state.machine.began(), let request = state.request, let stop = state.stop else { return nil }
            return (request, stop)
        }
        if let (request, stop) = work {
            // Counted before the call can be over, whose end takes it back.
            let result = await handle(request, until: stop, logger: logger).flatMap(counted)
            if state.withLock({ $0.machine.handled() }) { answer(result) }
        }
        calls.endedIfOver(self)
    }

    /// Gives up a call that waits for its turn; its server has ended.
    func discard() {
        state.withLock { state in
            state.machine.discarded()
            state.request = nil
        }
        calls.endedIfOver(self)
    }

    private func handle(
        _ request: ReceivedMessage,
        until stop: Latch,
        logger: Logger
    ) async -> Result<RPCPayload, RPCStatus> {
        let judgements = calls.judgements
        let context: RPCCallContext
        switch accepted.context(over: connection) {
        case .success(let value): context = value
        case .failure(let status): return .failure(status)
        }
        let result = await handle(request, context, until: stop, logger: logger)
        return judged(result, since: judgements)
    }

    private func handle(
        _ request: ReceivedMessage,
        _ context: RPCCallContext,
        until stop: Latch,
        logger: Logger
    ) async -> Result<RPCPayload, RPCStatus> {
        let body = handler.body
        return await withTaskGroup(of: Result<RPCPayload, RPCStatus>?.self) { group in
            group.addTask {
                do {
                    return .success(try await body(context, request.bytes()))
                } catch {
                    let status = RPCStatus(thrown: error)
                    if status.code == .unknown, !(error is RPCStatus), !(error is EtcdError) {
                        logger.error("\(context.method) from \(context.peerAddress) failed: \(error)")
                    }
                    return .failure(status)
                }
            }
            group.addTask {
                await stop.waitUnlessCancelled()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // A handler that does not heed its cancellation is waited for here, by leaving the group.
            return first ?? .failure(RPCStatus(.cancelled, "the call was cancelled"))
        }
    }

    /// An answer that was made when certificates had been judged anew `judgements` times: a certificate that was revoked
    /// meanwhile gets none.
    private func judged(
        _ result: Result<RPCPayload, RPCStatus>,
        since judgements: Int
    ) -> Result<RPCPayload, RPCStatus> {
        guard judgements != calls.judgements else { return result }
        return connection.verdict.flatMap { _ in result }
    }
}

// MARK: - Handling at once

extension ServerUnaryCall {
    /// Answers the request where it arrived, if the method's handler can, or has it wait for its turn.
    private func handle(_ request: ReceivedMessage) {
        guard let result = immediateResult(request) else { return postpone(request) }
        let counted = result.flatMap(counted)
        if state.withLock({ $0.machine.handled() }) { answer(counted) }
    }

    private func immediateResult(_ request: ReceivedMessage) -> Result<RPCPayload, RPCStatus>? {
        guard let immediate = handler.immediate else { return nil }
        let judgements = calls.judgements
        switch accepted.context(over: connection) {
        case .success(let context):
            guard let result = immediate(context, request.bytes()) else { return nil }
            return judged(result.mapError(RPCStatus.init(thrown:)), since: judgements)
        case .failure(let status):
            return .failure(status)
        }
    }
}

// MARK: - Answering

extension ServerUnaryCall {
    private func answer(_ result: Result<RPCPayload, RPCStatus>) {
        let awaitsEnd = mustAwaitEnd()
        let batch = OperationBatch(awaitsEnd ? .end : .status, capacity: 4)
        batch.sendInitialMetadata()
        switch result {
        case .success(let payload):
            batch.sendMessage(payload)
            batch.sendStatus(.ok)
        case .failure(let status):
            batch.sendStatus(status)
        }
        if awaitsEnd { batch.receiveClose() }
        guard !batch.start(on: accepted.call, for: self) else { return }
        accepted.call.cancel()
        if awaitsEnd { closed() }
    }

    private func awaitEnd() {
        guard mustAwaitEnd() else { return }
        let end = OperationBatch(.end)
        end.receiveClose()
        if !end.start(on: accepted.call, for: self) { closed() }
    }

    /// Whether core is still to be asked to tell the call's end; asked once.
    private func mustAwaitEnd() -> Bool {
        state.withLock { state in
            defer { state.isEndAwaited = true }
            return !state.isEndAwaited
        }
    }

    /// The size of the answer, which is counted as the client's until the call is over.
    var unreadBytes: Int { state.withLock { $0.unreadBytes } }

    /// Counts an answer, unless the client has too much under way already.
    private func counted(_ payload: RPCPayload) -> Result<RPCPayload, RPCStatus> {
        if let refusal = account.sending(payload.count) { return .failure(refusal) }
        state.withLock { $0.unreadBytes = payload.count }
        return .success(payload)
    }
}

// MARK: - Events

extension ServerUnaryCall {
    func completed(_ batch: OperationBatch, success: Bool) {
        switch batch.purpose {
        case .receive: received(success ? batch.takeMessage() : nil)
        case .status: break  // The call's end tells if it failed.
        case .end: closed()
        case .initialMetadata, .send, .finishSending, .unary:
            preconditionFailure("a server's unary call starts no batch for \(batch.purpose)")
        }
    }

    private func received(_ message: ReceivedMessage?) {
        if let message, message.count <= maximumRequestBytes {
            if state.withLock({ $0.machine.requestReceived() }) { handle(message) }
        } else if state.withLock({ $0.machine.requestFailed() }) {
            let status: RPCStatus =
                if let message {
                    RPCStatus(
                        .resourceExhausted,
                        "the request has \(message.count) bytes; \(accepted.method) takes at most \(maximumRequestBytes)"
                    )
                } else {
                    RPCStatus(.internalError, "the call of \(accepted.method) brought no request")
                }
            answer(.failure(status))
        }
        calls.endedIfOver(self)
    }

    private func closed() {
        let stop = state.withLock { state in
            state.machine.closed()
            return state.stop
        }
        stop?.open()
        calls.endedIfOver(self)
    }
}

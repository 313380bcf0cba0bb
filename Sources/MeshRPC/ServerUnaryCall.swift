internal import Logging
internal import MeshCore

/// The shell of a server's unary call.
final class ServerUnaryCall: BatchOwner {
    private struct State: Sendable {
        var machine = ServerUnaryStateMachine()
        var request: ReceivedMessage?
        var unreadBytes = 0
    }

    /// Where the client's calls are counted.
    let account: PeerAccount

    private let accepted: AcceptedCall
    private let calls: ServerCalls
    private let maximumRequestBytes: Int
    private let body: RPCHandlers.UnaryBody
    private let state = Locked(State())
    /// Opens when the handler need not go on.
    private let stop = Latch()

    /// When the call has taken too long.
    let expiry: ContinuousClock.Instant

    init(
        _ accepted: AcceptedCall,
        calls: ServerCalls,
        account: PeerAccount,
        maximumRequestBytes: Int,
        expiry: ContinuousClock.Instant,
        body: @escaping RPCHandlers.UnaryBody
    ) {
        self.accepted = accepted
        self.calls = calls
        self.account = account
        self.maximumRequestBytes = maximumRequestBytes
        self.expiry = expiry
        self.body = body
    }

    /// Starts to read the request.
    func start() {
        let end = OperationBatch(.end)
        end.receiveClose()
        guard end.start(on: accepted.call, for: self) else { return closed() }
        let receive = OperationBatch(.receive)
        receive.receiveMessage()
        if !receive.start(on: accepted.call, for: self) { accepted.call.cancel() }
    }

    /// Runs the handler and answers with what it returns or throws. Called by a task of the server's.
    func run(verifier: PeerVerifier, logger: Logger) async {
        let request = state.withLock { state -> ReceivedMessage? in
            defer { state.request = nil }
            return state.machine.began() ? state.request : nil
        }
        if let request {
            // Counted before the call can be over, whose end takes it back.
            let result = await handle(request, verifier: verifier, logger: logger).flatMap(counted)
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
        verifier: PeerVerifier,
        logger: Logger
    ) async -> Result<RPCPayload, RPCStatus> {
        let judgements = calls.judgements
        let context: RPCCallContext
        switch accepted.context(verifier: verifier) {
        case .success(let value): context = value
        case .failure(let status): return .failure(status)
        }
        let result = await handle(request, context, logger: logger)
        // A certificate that was revoked while the handler ran gets no answer.
        guard judgements != calls.judgements else { return result }
        return accepted.context(verifier: verifier).flatMap { _ in result }
    }

    private func handle(
        _ request: ReceivedMessage,
        _ context: RPCCallContext,
        logger: Logger
    ) async -> Result<RPCPayload, RPCStatus> {
        let body = body
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
                await self.stop.waitUnlessCancelled()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // A handler that does not heed its cancellation is waited for here, by leaving the group.
            return first ?? .failure(RPCStatus(.cancelled, "the call was cancelled"))
        }
    }

    /// Ends the call if its time is over.
    func expire(at now: ContinuousClock.Instant) {
        guard now >= expiry else { return }
        guard state.withLock({ $0.machine.expired() }) else { return }
        answer(.failure(RPCStatus(.deadlineExceeded, "the server did not answer in the time it gives a call")))
        stop.open()
    }

    /// Whether nothing will happen to the call any more.
    var isOver: Bool { state.withLock { $0.machine.isOver } }

    private func answer(_ result: Result<RPCPayload, RPCStatus>) {
        let batch = OperationBatch(.status, capacity: 3)
        batch.sendInitialMetadata()
        switch result {
        case .success(let payload):
            batch.sendMessage(payload)
            batch.sendStatus(.ok)
        case .failure(let status):
            batch.sendStatus(status)
        }
        if !batch.start(on: accepted.call, for: self) { accepted.call.cancel() }
    }
}

// MARK: - The client's account

extension ServerUnaryCall {
    /// The size of the answer, which is counted until the call is over.
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
        case .receive: received(success ? batch.takeMessage() : nil, success: success)
        case .status: break  // The call's end tells if it failed.
        case .end: closed()
        case .initialMetadata, .send, .finishSending, .unary:
            preconditionFailure("a server's unary call starts no batch for \(batch.purpose)")
        }
    }

    private func received(_ message: ReceivedMessage?, success: Bool) {
        if let message, message.count <= maximumRequestBytes {
            let mustQueue = state.withLock { state in
                state.request = message
                return state.machine.requestReceived()
            }
            if mustQueue { calls.queue.enqueue(self) }
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
        state.withLock { $0.machine.closed() }
        stop.open()
        calls.endedIfOver(self)
    }
}

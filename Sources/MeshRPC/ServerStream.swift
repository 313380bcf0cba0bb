internal import MeshCore

/// The shell of a server's stream: asks its driver, gives core what ``ServerStreamStateMachine`` decides.
///
/// It lives until core has reported the end of the call. Driver and handle are let go then, which breaks the
/// circle of stream, driver and handle.
final class ServerStream: BatchOwner, SendingWork {
    /// What was asked of the stream from outside and not yet looked at by the sending thread.
    struct Requests: Sendable {
        var ask = false
        var resumeReading = false
        var end: (status: RPCStatus, isForced: Bool)?
        fileprivate var isScheduled = false
    }

    private struct State: Sendable {
        var machine = ServerStreamStateMachine()
        var isStarted = false
        /// The size of the message that is on its way, counted in the client's account.
        var bytesUnderWay = 0
        var driver: (any RPCStreamDriver)?
        var handle: RPCStreamHandle?
    }

    /// Where the client's streams are counted.
    let account: PeerAccount

    /// What the stream came over.
    let connection: PeerConnection

    /// Where the stream's events arrive and its messages are sent.
    let shard: RPCShard

    private let call: CoreCall
    private let calls: ServerCalls
    private let state = Locked(State())
    private let requests = Locked(Requests())
    // One of each is in flight at most, so they are used again and again.
    private let sendBatch = OperationBatch(.send)
    private let receiveBatch = OperationBatch(.receive)

    init(_ accepted: AcceptedCall, over connection: PeerConnection, calls: ServerCalls, account: PeerAccount) {
        call = accepted.call
        shard = accepted.shard
        self.connection = connection
        self.account = account
        self.calls = calls
    }

    /// Whether the stream was opened; it may have been closed since.
    var isStarted: Bool { state.withLock { $0.isStarted } }

    /// Opens the stream. The driver is asked for a first message at once.
    func start(_ driver: any RPCStreamDriver, _ handle: RPCStreamHandle) {
        state.withLock { state in
            state.isStarted = true
            state.driver = driver
            state.handle = handle
        }
        let end = OperationBatch(.end)
        end.receiveClose()
        guard end.start(on: call, for: self) else { return closed() }
        let initial = OperationBatch(.initialMetadata)
        initial.sendInitialMetadata()
        guard initial.start(on: call, for: self) else { return call.cancel() }
        readIfDue()
        ask(shard.pollingOutbox)
    }

    /// Notes a request and has the sending thread look at it, once for all that come before it does.
    func request(_ change: (inout Requests) -> Void) {
        let mustSchedule = requests.withLock { requests in
            change(&requests)
            defer { requests.isScheduled = true }
            return !requests.isScheduled
        }
        if mustSchedule { shard.sending.append(self) }
    }

    func performSending() {
        let requests = self.requests.withLock { requests in
            defer { requests = Requests() }
            return requests
        }
        if let end = requests.end { self.end(end.status, isForced: end.isForced) }
        if requests.resumeReading { readIfDue() }
        if requests.ask { sendNow() }
    }

    /// Asks the driver for a message, if none is on its way. Called on the sending thread.
    func sendNow() {
        ask(shard.sendingOutbox)
    }

    /// A unit of the server's own time has passed.
    func tick(limit: Int) {
        guard state.withLock({ $0.machine.ticked(limit: limit) }) else { return }
        end(RPCStatus(.unavailable, "the client took nothing from this stream for too long"), isForced: true)
    }
}

// MARK: - Decisions

extension ServerStream {
    private enum Outgoing {
        case message(moreFollows: Bool)
        case status(RPCStatus)
    }

    /// Asks the driver for a message, if none is on its way.
    ///
    /// - Parameter outbox: That of the calling thread: messages are put together there and nowhere else.
    private func ask(_ outbox: MessageOutbox) {
        let outgoing = state.withLock { state -> Outgoing? in
            guard state.machine.mayAsk, let driver = state.driver else { return nil }
            var message = RPCMessageWriter(outbox.slices)
            var decision = driver.nextMessage(&message)
            if case .send = decision {
                // What cannot be sent without too much being unread ends the stream.
                if let status = account.sending(message.count) {
                    decision = .finish(status)
                } else {
                    state.bytesUnderWay = message.count
                }
            }
            switch state.machine.answered(decision) {
            case .sendMessage(let moreFollows): return .message(moreFollows: moreFollows)
            case .sendStatus(let status): return .status(status)
            case .none: return nil
            }
        }
        switch outgoing {
        case .message(let moreFollows)?:
            sendBatch.sendMessage(in: outbox, moreFollows: moreFollows)
            let isStarted = sendBatch.start(on: call, for: self)
            if isStarted {
                precondition(outbox.count == 0, "gRPC's core left a message in its buffer, where the next one comes")
            } else {
                outbox.clear()
                call.cancel()
                sendCompleted(success: false)
            }
        case .status(let status)?:
            outbox.clear()
            send(status)
        case nil:
            outbox.clear()
        }
    }

    private func send(_ status: RPCStatus) {
        let batch = OperationBatch(.status)
        batch.sendStatus(status)
        if !batch.start(on: call, for: self) { call.cancel() }
    }

    private func end(_ status: RPCStatus, isForced: Bool) {
        switch state.withLock({ $0.machine.endRequested(status, isForced: isForced) }) {
        case .sendStatus(let status): send(status)
        case .cancel(let status): call.cancel(status)
        case .none: break
        }
    }

    private func readIfDue() {
        guard state.withLock({ $0.machine.readRequested() }) else { return }
        receiveBatch.receiveMessage()
        // Without a start no event comes; the call's end does.
        if !receiveBatch.start(on: call, for: self) { call.cancel() }
    }
}

// MARK: - Events

extension ServerStream {
    func completed(_ batch: OperationBatch, success: Bool) {
        switch batch.purpose {
        case .initialMetadata, .status: break  // The call's end tells if they failed.
        case .send: sendCompleted(success: success)
        case .receive: received(batch.takeMessage(), success: success)
        case .end: closed()
        case .unary, .finishSending: preconditionFailure("a server's stream starts no batch for \(batch.purpose)")
        }
    }

    private func sendCompleted(success: Bool) {
        let (completion, bytes) = state.withLock { state in
            defer { state.bytesUnderWay = 0 }
            return (state.machine.sendCompleted(success: success), state.bytesUnderWay)
        }
        calls.accounts.sent(bytes, of: account)
        switch completion {
        case .ask: ask(shard.pollingOutbox)
        case .sendStatus(let status): send(status)
        case .none: break
        }
    }

    private func received(_ message: ReceivedMessage?, success: Bool) {
        let bytes = message?.bytes()
        let decision = state.withLock { state -> RPCReadDecision? in
            switch state.machine.messageReceived(hasMessage: bytes != nil, success: success) {
            case .deliver: return state.driver?.messageReceived(bytes ?? [])
            case .clientFinished:
                state.driver?.clientFinishedSending()
                return .pauseReading
            case .none: return nil
            }
        }
        switch decision {
        case .continueReading?:
            readIfDue()
            ask(shard.pollingOutbox)
        case .pauseReading?:
            ask(shard.pollingOutbox)
        case .finish(let status)?:
            end(status, isForced: false)
        case nil:
            break
        }
    }

    private func closed() {
        let parts = state.withLock { state -> (any RPCStreamDriver, RPCStreamHandle)? in
            guard state.machine.closed(), let driver = state.driver, let handle = state.handle else { return nil }
            driver.streamClosed()
            state.driver = nil
            state.handle = nil
            return (driver, handle)
        }
        parts?.1.detach()
        // The driver's own end comes outside the lock.
        _ = consume parts
        calls.ended(self)
    }
}

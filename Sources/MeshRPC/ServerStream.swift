internal import MeshCore
internal import Synchronization

/// The shell of a server's stream: asks its driver, gives core what ``ServerStreamStateMachine`` decides.
///
/// It is the tag of its own operations. The driver is let go when core has reported the end of the call, which breaks the
/// circle of stream, driver and handle; the call and the server when none of its operations is under way any more. So a
/// handle that is kept longer keeps nothing of the server alive.
///
/// `@unchecked Sendable` as ``CompletionTag``: all that changes is behind `state` or atomic, but for what core writes into
/// `place`, which belongs to the poller when its event has arrived.
final class ServerStream: CompletionTag, SendingWork, @unchecked Sendable {
    /// What core has to do at a time, at most one of each.
    private enum Operation: Int {
        case send, receive, end
    }

    /// What was asked of the stream from outside and not yet looked at by the sending thread.
    private struct Requests {
        static let ask: UInt8 = 1
        static let resumeReading: UInt8 = 2
        static let end: UInt8 = 4
    }

    private struct State: Sendable {
        var machine = ServerStreamStateMachine()
        var isStarted = false
        /// `nil` once it is over for good.
        var attachment: Attachment?
        /// How many operations core has.
        var underWay: Int8 = 0
        /// The size of the message that is on its way, counted in the client's account.
        var bytesUnderWay = 0
        var driver: (any RPCStreamDriver)?
        /// The end that was asked for from outside, until it is looked at.
        var requestedEnd: (status: RPCStatus, isForced: Bool)?

        var call: CoreCall? { attachment?.call }

        /// What the stream was attached to, to be let go outside the lock, if nothing needs it any more.
        mutating func takeUnneeded() -> Attachment? {
            guard underWay == 0, machine.isClosed else { return nil }
            defer { attachment = nil }
            return attachment
        }
    }

    /// What the stream holds until its end, and a handle that is kept longer does not.
    private struct Attachment: Sendable {
        let call: CoreCall
        /// The open calls of the server, with what the server does.
        let calls: ServerCalls
    }

    /// Where the client's streams are counted.
    let account: PeerAccount

    /// What the stream came over.
    let connection: PeerConnection

    /// Where the stream's events arrive and its messages are sent.
    let shard: RPCShard

    private let requests = Atomic<UInt8>(0)
    private let state: Locked<State>
    private let place = StreamPlace()

    init(_ accepted: AcceptedCall, over connection: PeerConnection, calls: ServerCalls, account: PeerAccount) {
        shard = accepted.shard
        self.connection = connection
        self.account = account
        state = Locked(State(attachment: Attachment(call: accepted.call, calls: calls)))
    }

    deinit {
        // Orders the end of `place`, wherever the last reference goes, behind what the poller did with it before it last
        // held the lock: the count of references does so, unseen by ThreadSanitizer.
        state.withLock { _ in }
    }

    /// Whether the stream was opened, so that it can be ended; it may have been closed since.
    var isStarted: Bool { state.withLock { $0.isStarted } }

    /// Opens the stream. The driver is asked for a first message at once. Called on the poller.
    func start(_ driver: any RPCStreamDriver) {
        let call = state.withLock { state in
            state.driver = driver
            if state.call != nil { state.underWay += 1 }
            return state.call
        }
        guard let call else { return }
        let tag = lend(Operation.end.rawValue)
        guard place.awaitEnd(of: call, tag) else { return refused(tag, call) { closed() } }
        readIfDue(isFirst: true)
        state.withLock { $0.isStarted = true }
        ask(shard.pollingOutbox)
        // What asked for the end before now left it to now.
        endIfRequested()
    }

    override func completed(_ number: Int, success: Bool) {
        switch Operation(rawValue: number) {
        case .send: sendCompleted(success: success)
        case .receive: received(place.takeMessage(), success: success)
        case .end: closed()
        case nil: preconditionFailure("a server's stream starts no operation \(number)")
        }
    }

    /// The stream will not be opened: its call is answered by somebody else.
    func abandon() {
        let unneeded = state.withLock { state in
            _ = state.machine.closed()
            return state.takeUnneeded()
        }
        _ = consume unneeded
    }

    /// A unit of the server's own time has passed.
    func tick(limit: Int) {
        guard state.withLock({ $0.machine.ticked(limit: limit) }) else { return }
        end(RPCStatus(.unavailable, "the client took nothing from this stream for too long"), isForced: true)
    }
}

// MARK: - Requests from other threads

extension ServerStream {
    /// Has the sending thread ask the driver for a message.
    func wake() { request(Requests.ask) }

    /// Has the sending thread take messages again.
    func resumeReading() { request(Requests.resumeReading) }

    /// Has the sending thread end the stream, with the status that was asked for first.
    func requestEnd(_ status: RPCStatus, isForced: Bool) {
        state.withLock { $0.requestedEnd = $0.requestedEnd ?? (status, isForced) }
        request(Requests.end)
    }

    /// Notes a request and has the sending thread look at it, once for all that come before it does.
    private func request(_ bit: UInt8) {
        let before = requests.bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue
        if before == 0 { shard.sending.append(self) }
    }

    func performSending() {
        let requests = self.requests.exchange(0, ordering: .acquiringAndReleasing)
        if requests & Requests.end != 0 { endIfRequested() }
        if requests & Requests.resumeReading != 0 { readIfDue() }
        if requests & Requests.ask != 0 { sendNow() }
    }

    /// Asks the driver for a message, if none is on its way. Called on the sending thread.
    func sendNow() {
        ask(shard.sendingOutbox)
    }

    private func endIfRequested() {
        let end = state.withLock { state -> (status: RPCStatus, isForced: Bool)? in
            guard state.isStarted else { return nil }
            defer { state.requestedEnd = nil }
            return state.requestedEnd
        }
        if let end { self.end(end.status, isForced: end.isForced) }
    }
}

// MARK: - Decisions

extension ServerStream {
    private enum Outgoing {
        case message(CoreCall, moreFollows: Bool)
        case status(CoreCall, RPCStatus)
        /// Nothing; what nothing needs any more is let go outside the lock.
        case nothing(Attachment?)
    }

    /// Asks the driver for a message, if none is on its way.
    ///
    /// - Parameter outbox: That of the calling thread: messages are put together there and nowhere else.
    private func ask(_ outbox: MessageOutbox) {
        perform(state.withLock { next(&$0, outbox) }, outbox)
    }

    private func next(_ state: inout State, _ outbox: MessageOutbox) -> Outgoing {
        guard state.machine.mayAsk, let driver = state.driver, let call = state.call else { return .nothing(nil) }
        var message = RPCMessageWriter(outbox.slices)
        var decision = driver.nextMessage(&message)
        if case .send = decision {
            // What cannot be sent without too much being unread ends the stream.
            if let status = account.sending(message.count, insteadOf: state.bytesUnderWay) {
                decision = .finish(status)
            } else {
                state.bytesUnderWay = message.count
            }
        }
        switch state.machine.answered(decision) {
        case .sendMessage(let moreFollows):
            state.underWay += 1
            return .message(call, moreFollows: moreFollows)
        case .sendStatus(let status):
            outbox.clear()
            return .status(call, status)
        case .none:
            outbox.clear()
            return .nothing(nil)
        }
    }

    private func perform(_ outgoing: Outgoing, _ outbox: MessageOutbox) {
        switch outgoing {
        case .message(let call, let moreFollows):
            let tag = lend(Operation.send.rawValue)
            if StreamPlace.send(outbox, moreFollows: moreFollows, on: call, tag) {
                precondition(outbox.count == 0, "gRPC's core left a message in its buffer, where the next one comes")
            } else {
                outbox.clear()
                refused(tag, call) { sendCompleted(success: false) }
            }
        case .status(let call, let status):
            send(status, on: call)
        case .nothing(let unneeded):
            _ = consume unneeded
        }
    }

    /// Core refused to start an operation, so no event follows.
    private func refused(_ tag: UnsafeMutableRawPointer, _ call: CoreCall, _ instead: () -> Void) {
        _ = CompletionTag.takeBack(tag)
        call.cancel()
        instead()
    }

    private func send(_ status: RPCStatus, on call: CoreCall) {
        let batch = OperationBatch(.status)
        batch.sendStatus(status)
        // The call's end tells if it failed.
        if !batch.start(on: call, for: Unattended.shared) { call.cancel() }
    }

    private func end(_ status: RPCStatus, isForced: Bool) {
        let (action, call) = state.withLock { ($0.machine.endRequested(status, isForced: isForced), $0.call) }
        guard let call else { return }
        switch action {
        case .sendStatus(let status): send(status, on: call)
        case .cancel(let status): call.cancel(status)
        case .none: break
        }
    }

    private func readIfDue(isFirst: Bool = false) {
        let call = state.withLock { state -> CoreCall? in
            guard let call = state.call, state.machine.readRequested() else { return nil }
            state.underWay += 1
            return call
        }
        guard let call else { return }
        let tag = lend(Operation.receive.rawValue)
        guard !place.receive(isFirst: isFirst, on: call, tag) else { return }
        // The call's end comes, and nothing is read any more.
        refused(tag, call) { state.withLock { $0.underWay -= 1 } }
    }
}

// MARK: - Events

extension ServerStream {
    private func sendCompleted(success: Bool) {
        let outbox = shard.pollingOutbox
        let outgoing = state.withLock { state -> Outgoing in
            state.underWay -= 1
            var outgoing = Outgoing.nothing(nil)
            let (before, calls) = (state.bytesUnderWay, state.attachment?.calls)
            switch state.machine.sendCompleted(success: success) {
            case .ask:
                outgoing = next(&state, outbox)
                if case .message = outgoing { return outgoing }
            case .sendStatus(let status):
                if let call = state.call { outgoing = .status(call, status) }
            case .none:
                outgoing = .nothing(state.takeUnneeded())
            }
            // Nothing took the place of what was sent.
            state.bytesUnderWay = 0
            calls?.accounts.sent(before, of: account)
            return outgoing
        }
        perform(outgoing, outbox)
    }

    private func received(_ message: ReceivedMessage?, success: Bool) {
        let bytes = message?.bytes()
        let (decision, unneeded) = state.withLock { state -> (RPCReadDecision?, Attachment?) in
            state.underWay -= 1
            switch state.machine.messageReceived(hasMessage: bytes != nil, success: success) {
            case .deliver: return (state.driver?.messageReceived(bytes ?? []), nil)
            case .clientFinished:
                state.driver?.clientFinishedSending()
                return (.pauseReading, nil)
            case .none: return (nil, state.takeUnneeded())
            }
        }
        _ = consume unneeded
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
        // The driver's own end, and core's of the call, come outside the lock.
        let (driver, unneeded, calls) = state.withLock { state in
            state.underWay -= 1
            let calls = state.attachment?.calls
            if state.machine.closed() { state.driver?.streamClosed() }
            defer { state.driver = nil }
            return (state.driver, state.takeUnneeded(), calls)
        }
        _ = (consume driver, consume unneeded)
        calls?.ended(self)
    }
}

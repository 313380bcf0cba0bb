internal import MeshCore

/// What a server's stream is doing in each direction.
///
/// At most one message is on its way out and one is asked for. An end that is asked for while a message is on its way
/// follows that message.
struct ServerStreamStateMachine: Sendable {
    private enum Sending {
        case idle
        case underWay
        /// The status was sent, or is on its way, or the call was cancelled.
        case finished
    }

    private enum Reading {
        case paused
        case underWay
        /// The client will send no more.
        case ended
    }

    private var sending = Sending.idle
    private var reading = Reading.paused
    private var pendingEnd: RPCStatus?
    /// Whether core may still hold the last message back, for one that was promised to follow.
    private var isMessagePromised = false
    /// Whether the call is over.
    private(set) var isClosed = false
    private var ticksUnderWay = 0

    init() {}
}

// MARK: - Sending

extension ServerStreamStateMachine {
    /// Whether the driver may be asked for a message.
    var mayAsk: Bool {
        guard !isClosed, pendingEnd == nil else { return false }
        return switch sending {
        case .idle: true
        case .underWay, .finished: false
        }
    }

    enum SendAction: Equatable {
        case sendMessage(moreFollows: Bool)
        case sendStatus(RPCStatus)
        case none
    }

    /// The driver was asked, and answered.
    mutating func answered(_ answer: RPCSendDecision) -> SendAction {
        precondition(mayAsk, "a driver was asked for a message out of turn")
        switch answer {
        case .send(let moreFollows):
            sending = .underWay
            ticksUnderWay = 0
            isMessagePromised = moreFollows
            return .sendMessage(moreFollows: moreFollows)
        case .idle:
            guard isMessagePromised else { return .none }
            // The message before may never be sent if none follows; an end is seen, a stuck stream is not.
            sending = .finished
            return .sendStatus(RPCStatus(.internalError, "the stream's source promised a message and had none"))
        case .finish(let status):
            sending = .finished
            return .sendStatus(status)
        }
    }

    enum SendCompletion: Equatable {
        /// Ask the driver for the next message.
        case ask
        case sendStatus(RPCStatus)
        case none
    }

    /// The message has passed flow control, or, without success, never will.
    mutating func sendCompleted(success: Bool) -> SendCompletion {
        switch sending {
        case .idle:
            preconditionFailure("a send completed on a stream that sends nothing")
        case .finished:
            return .none
        case .underWay:
            guard success, !isClosed else {
                sending = .finished
                return .none
            }
            sending = .idle
            guard let status = pendingEnd else { return .ask }
            sending = .finished
            return .sendStatus(status)
        }
    }

    enum EndAction: Equatable {
        case sendStatus(RPCStatus)
        /// End the call with the status without regard to what is on its way.
        case cancel(RPCStatus)
        case none
    }

    /// The stream is to end; `isForced` does not wait for the message that is on its way.
    mutating func endRequested(_ status: RPCStatus, isForced: Bool) -> EndAction {
        guard !isClosed else { return .none }
        switch sending {
        case .idle:
            sending = .finished
            return .sendStatus(status)
        case .underWay:
            if isForced {
                sending = .finished
                return .cancel(status)
            }
            pendingEnd = pendingEnd ?? status
            return .none
        case .finished:
            return .none
        }
    }

    /// Time has passed. Returns whether one message has been on its way for more than `limit` calls of this.
    mutating func ticked(limit: Int) -> Bool {
        guard !isClosed, case .underWay = sending else { return false }
        ticksUnderWay += 1
        return ticksUnderWay > limit
    }
}

// MARK: - Receiving and closing

extension ServerStreamStateMachine {
    /// Whether a message is to be asked for now.
    mutating func readRequested() -> Bool {
        guard !isClosed, case .paused = reading else { return false }
        reading = .underWay
        return true
    }

    enum Received: Equatable {
        case deliver
        case clientFinished
        case none
    }

    /// Core answered with a message, or with none: then the client will send no more.
    mutating func messageReceived(hasMessage: Bool, success: Bool) -> Received {
        guard case .underWay = reading else {
            preconditionFailure("a message arrived on a stream that asked for none")
        }
        reading = hasMessage && success ? .paused : .ended
        if isClosed || !success { return .none }
        return hasMessage ? .deliver : .clientFinished
    }

    /// The call is over. Returns whether that is news.
    mutating func closed() -> Bool {
        defer { isClosed = true }
        return !isClosed
    }
}

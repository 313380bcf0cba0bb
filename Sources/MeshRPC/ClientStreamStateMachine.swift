internal import MeshCore

/// What a client's stream is doing, in each direction, and who waits for it.
///
/// `Sender` and `Receiver` stand for those who wait: continuations in the product, numbers in tests. At most one
/// message is on its way out and one is asked for; a sender that comes while another's message is on its way waits in
/// line, at most ``maximumWaitingSenders`` of them.
struct ClientStreamStateMachine<Message: Sendable, Sender: Sendable, Receiver: Sendable>: Sendable {
    /// The most senders that wait in line.
    static var maximumWaitingSenders: Int { 64 }

    /// Something to send.
    enum Outgoing {
        case message(Message)
        /// No message will follow.
        case finish
    }

    private enum Sending {
        case idle
        case underWay(Sender)
        /// The end was sent, or is on its way.
        case finished(Sender?)
    }

    private enum Receiving {
        case idle
        case asked(Receiver)
        /// The last message is being handled by a receiver that says afterwards whether it wants the next.
        case handling
        /// The server's last message was received; its status may still be on its way.
        case ended(Receiver?)
    }

    private var sending = Sending.idle
    private var waiting: [(outgoing: Outgoing, sender: Sender)] = []
    private var receiving = Receiving.idle
    /// How the call ended, once it did.
    private(set) var status: RPCStatus?

    init() {}
}

// MARK: - Sending

extension ClientStreamStateMachine {
    enum SendAction {
        /// Hand it to core.
        case start(Outgoing)
        /// It waits for its turn.
        case wait
        /// It cannot be sent.
        case refuse(Sender, RPCStatus)
    }

    /// Somebody wants to send.
    mutating func sendRequested(_ outgoing: Outgoing, by sender: Sender) -> SendAction {
        if let status { return .refuse(sender, Self.refusal(status)) }
        switch sending {
        case .idle:
            return begin(outgoing, sender)
        case .underWay:
            guard waiting.count < Self.maximumWaitingSenders else {
                return .refuse(
                    sender,
                    RPCStatus(.resourceExhausted, "\(waiting.count) messages already wait to be sent on this stream")
                )
            }
            waiting.append((outgoing, sender))
            return .wait
        case .finished:
            return .refuse(sender, RPCStatus(.failedPrecondition, "the stream's sending side was finished"))
        }
    }

    private mutating func begin(_ outgoing: Outgoing, _ sender: Sender) -> SendAction {
        switch outgoing {
        case .message: sending = .underWay(sender)
        case .finish: sending = .finished(sender)
        }
        return .start(outgoing)
    }

    /// What a completed send leads to.
    struct SendCompletion {
        /// Who is done, and why not if so.
        var finished: [(sender: Sender, fault: RPCStatus?)] = []
        /// What is sent next.
        var next: Outgoing?
    }

    /// Core is done with what it was last given to send. Without success the call has ended, or is about to.
    mutating func sendCompleted(success: Bool) -> SendCompletion {
        var completion = SendCompletion()
        let fault = success ? nil : Self.refusal(status ?? RPCStatus(.unavailable, "the stream was closed"))
        switch sending {
        case .idle:
            preconditionFailure("a send completed on a stream that sends nothing")
        case .underWay(let sender):
            completion.finished.append((sender, fault))
            sending = .idle
        case .finished(let sender):
            if let sender { completion.finished.append((sender, fault)) }
            sending = .finished(nil)
        }
        guard !waiting.isEmpty else { return completion }
        if case .idle = sending, success, status == nil {
            let (outgoing, sender) = waiting.removeFirst()
            _ = begin(outgoing, sender)
            completion.next = outgoing
        } else {
            let reason = fault ?? status.map(Self.refusal) ?? RPCStatus(.failedPrecondition, "the stream was finished")
            completion.finished += waiting.map { ($0.sender, reason) }
            waiting = []
        }
        return completion
    }

    /// A call that ended well still cannot send.
    private static func refusal(_ status: RPCStatus) -> RPCStatus {
        status.isOK ? RPCStatus(.failedPrecondition, "the server ended the stream") : status
    }
}

// MARK: - Receiving

extension ClientStreamStateMachine {
    enum ReceiveAction {
        /// Ask core for one message.
        case start
        /// Wait for the status.
        case wait
        /// Answer at once.
        case finish(Receiver, RPCStatus)
    }

    /// Somebody wants the next message.
    mutating func receiveRequested(by receiver: Receiver) -> ReceiveAction {
        switch receiving {
        case .idle:
            receiving = .asked(receiver)
            return .start
        case .asked, .handling, .ended(.some):
            return .finish(
                receiver,
                RPCStatus(.failedPrecondition, "somebody else already receives this stream's messages")
            )
        case .ended(nil):
            if let status { return .finish(receiver, status) }
            receiving = .ended(receiver)
            return .wait
        }
    }

    enum ReceiveCompletion {
        /// The message is the receiver's.
        case deliver(Receiver)
        /// The end, with its status, is the receiver's.
        case finish(Receiver, RPCStatus)
        /// The status is not here yet.
        case wait
    }

    /// Core answered with a message, or with none: then the server will send no more.
    ///
    /// - Parameter isHandled: Says of a receiver whether it handles the message at once and tells afterwards, by
    ///   ``messageHandled(by:wantsNext:)``, whether it wants another.
    mutating func receiveCompleted(
        hasMessage: Bool,
        isHandled: (Receiver) -> Bool = { _ in false }
    ) -> ReceiveCompletion {
        guard case .asked(let receiver) = receiving else {
            preconditionFailure("a message arrived on a stream that asked for none")
        }
        if hasMessage {
            receiving = isHandled(receiver) ? .handling : .idle
            return .deliver(receiver)
        }
        if let status {
            receiving = .ended(nil)
            return .finish(receiver, status)
        }
        receiving = .ended(receiver)
        return .wait
    }

    /// A receiver is done with the message that it handled. Returns whether to ask core for the next one.
    mutating func messageHandled(by receiver: Receiver, wantsNext: Bool) -> Bool {
        guard case .handling = receiving else { preconditionFailure("a message was handled that did not arrive") }
        receiving = wantsNext ? .asked(receiver) : .idle
        return wantsNext
    }

    /// The call ended. Whoever waits for the end is to be told the status.
    mutating func statusReceived(_ status: RPCStatus) -> Receiver? {
        self.status = status
        guard case .ended(let receiver?) = receiving else { return nil }
        receiving = .ended(nil)
        return receiver
    }
}

/// A client's stream: messages in both directions, until the server ends it with a status.
///
/// Dropping the last reference cancels the stream.
public final class RPCStream: Sendable {
    private let call: ClientStreamCall

    init(_ call: ClientStreamCall) {
        self.call = call
    }

    deinit {
        call.cancel()
    }

    /// Sends one message; returns when it has passed flow control, which is the back-pressure towards the sender.
    ///
    /// Messages of several tasks go out one after another; at most 64 may wait. Cancelling the task cancels the stream.
    ///
    /// - Throws: The status that ended the stream; FailedPrecondition after ``finishSending()`` or the server's end;
    ///   ResourceExhausted if too many messages wait.
    public func send(_ message: [UInt8]) async throws(RPCStatus) {
        try await call.send(.message(RPCPayload(message))).get()
    }

    /// Tells the server that no message will follow.
    ///
    /// - Throws: As ``send(_:)``.
    public func finishSending() async throws(RPCStatus) {
        try await call.send(.finish).get()
    }

    /// Takes one message off the wire, waiting for it; `nil` at the end of a stream that the server ended with OK.
    ///
    /// Nothing is read ahead: what is not asked for stays with the server, beyond the channel's receive window. Only
    /// one task may wait at a time. Cancelling the task cancels the stream.
    ///
    /// - Throws: The status that ended the stream, if it is not OK.
    public func next() async throws(RPCStatus) -> [UInt8]? {
        try await call.receive().get()?.bytes()
    }

    /// Whom ``receiveAll(_:ended:)`` tells what comes.
    struct Handler: Sendable {
        let received: @Sendable (borrowing RPCReceivedMessage) -> Bool
        let ended: @Sendable (RPCStatus) -> Void
    }

    /// Has every message handled where it arrives, on a thread of the transport: for many small messages, a fraction of
    /// what ``next()`` costs, as no task is woken. Returns at once.
    ///
    /// Messages are handled one at a time and in order. The next one is taken off the wire when `body` has returned, so
    /// what it does not keep up with stays with the server, as with ``next()``.
    ///
    /// - Important: Both closures run on the thread that all streams and calls share: each call of them is short and
    ///   waits for nothing. What they hold is held until the end; the stream must be kept by somebody else, as dropping it
    ///   cancels it.
    /// - Parameters:
    ///   - body: Called with each message. When it returns `false`, no more messages are taken and `ended` is not called:
    ///     go on with ``next()`` or another `receiveAll`, or cancel.
    ///   - ended: Called once, behind the last message, with the status that ended the stream; with FailedPrecondition,
    ///     and at once, if somebody else receives this stream's messages already.
    public func receiveAll(
        _ body: @escaping @Sendable (borrowing RPCReceivedMessage) -> Bool,
        ended: @escaping @Sendable (RPCStatus) -> Void
    ) {
        call.receiveAll(Handler(received: body, ended: ended))
    }

    /// How the stream ended, with its trailing metadata; `nil` while it is open.
    public var status: RPCStatus? { call.status }

    /// Ends the stream at once; whoever waits on it gets Cancelled.
    public func cancel() {
        call.cancel()
    }
}

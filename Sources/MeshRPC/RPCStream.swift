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

    /// How the stream ended, with its trailing metadata; `nil` while it is open.
    public var status: RPCStatus? { call.status }

    /// Ends the stream at once; whoever waits on it gets Cancelled.
    public func cancel() {
        call.cancel()
    }
}

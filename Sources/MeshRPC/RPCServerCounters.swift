/// What a server has open, and what it has done since it was made.
///
/// Numbers of one moment each, not all of the same one.
public struct RPCServerCounters: Hashable, Sendable {
    /// Streams that are open now.
    public var openStreams = 0

    /// Unary calls that are read, wait, run or are being answered now.
    public var openCalls = 0

    /// Streams that were opened.
    public var openedStreams = 0

    /// Unary calls that were taken.
    public var openedCalls = 0

    /// Calls of methods that the server does not know, or refuses always.
    public var refusedMethods = 0

    /// Calls and streams of clients whose certificates were refused at the call.
    public var refusedCertificates = 0

    /// Calls and streams that were refused because of a bound, or because the server was shutting down.
    public var refusedByBounds = 0

    /// Messages that were handed to the transport: of streams, and answers of unary calls.
    public var sentMessages = 0

    /// The bytes of those messages.
    public var sentBytes = 0

    /// Handshakes at which the verifier accepted the client.
    public var acceptedHandshakes = 0

    /// Handshakes at which the verifier refused the client. Those that fail before, because the chain leads to no trusted
    /// root or because there is no certificate, core does not tell.
    public var refusedHandshakes = 0

    /// All zero.
    public init() {}
}

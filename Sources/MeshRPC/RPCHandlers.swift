internal import MeshCore

/// What a server does with the calls of each method.
///
/// Fill it before the server starts; the last registration of a method counts.
public struct RPCHandlers: Sendable {
    /// Answers a unary call. It runs in a task of its own, which is cancelled when the caller goes away.
    public typealias UnaryBody = @Sendable (RPCCallContext, [UInt8]) async throws -> RPCPayload

    /// Makes the driver of a stream. Called on a poller: it must not wait.
    public typealias StreamFactory = @Sendable (RPCCallContext, RPCStreamHandle) throws -> any RPCStreamDriver

    enum Handler: Sendable {
        case unary(maximumRequestBytes: Int?, UnaryBody)
        case refusal(RPCStatus)
        case stream(StreamFactory)
    }

    private var handlers: [RPCMethod: Handler] = [:]

    /// The answer to a call of a method that is not registered: Unimplemented.
    public var fallback = RPCStatus(.unimplemented, "this server does not know the method")

    /// No methods.
    public init() {}

    /// Answers a method's calls with one message for one message.
    ///
    /// An `RPCStatus` or `EtcdError` that `body` throws is the answer; any other error is logged and answered with
    /// Unknown. A request above `maximumRequestBytes` (`nil`: the server's own limit) is answered with
    /// ResourceExhausted.
    public mutating func unary(_ method: RPCMethod, maximumRequestBytes: Int? = nil, _ body: @escaping UnaryBody) {
        handlers[method] = .unary(maximumRequestBytes: maximumRequestBytes, body)
    }

    /// Refuses a method's calls, of any shape, with a status; their messages are never read.
    public mutating func refuse(_ method: RPCMethod, with status: RPCStatus) {
        handlers[method] = .refusal(status)
    }

    /// Answers a method's calls with a stream that a driver drives. A status that `make` throws is the answer.
    public mutating func stream(_ method: RPCMethod, _ make: @escaping StreamFactory) {
        handlers[method] = .stream(make)
    }

    subscript(_ method: RPCMethod) -> Handler { handlers[method] ?? .refusal(fallback) }
}

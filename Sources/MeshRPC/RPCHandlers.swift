internal import MeshCore

/// What a server does with the calls of each method.
///
/// Fill it before the server starts; the last registration of a method counts.
public struct RPCHandlers: Sendable {
    /// Answers a unary call. It runs in a task of its own, which is cancelled when the caller goes away.
    public typealias UnaryBody = @Sendable (RPCCallContext, [UInt8]) async throws -> RPCPayload

    /// Answers a unary call at once, where its request arrives, or returns `nil` to have the method's ``UnaryBody`` answer
    /// it.
    ///
    /// Called on a poller, which all calls and streams share: it does a bounded, small amount of work and never waits. So
    /// does what writes pieces of its answer when that is sent, which happens there, too.
    public typealias ImmediateBody = @Sendable (RPCCallContext, [UInt8]) -> Result<RPCPayload, RPCStatus>?

    /// Makes the driver of a stream. Called on a poller: it must not wait.
    public typealias StreamFactory = @Sendable (RPCCallContext, RPCStreamHandle) throws -> any RPCStreamDriver

    /// What answers the unary calls of one method.
    struct Unary: Sendable {
        var maximumRequestBytes: Int?
        var immediate: ImmediateBody?
        var body: UnaryBody
    }

    enum Handler: Sendable {
        case unary(Unary)
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
    ///
    /// - Parameter immediate: Asked first, if there is one. What it answers costs no task and no change of threads, does
    ///   not count against ``RPCServerConfiguration/maximumRunningCalls``, and may overtake calls that wait for their turn.
    ///   All other bounds hold.
    public mutating func unary(
        _ method: RPCMethod,
        maximumRequestBytes: Int? = nil,
        immediate: ImmediateBody? = nil,
        _ body: @escaping UnaryBody
    ) {
        handlers[method] = .unary(Unary(maximumRequestBytes: maximumRequestBytes, immediate: immediate, body: body))
    }

    /// Refuses a method's calls, of any shape, with a status; their messages are never read.
    public mutating func refuse(_ method: RPCMethod, with status: RPCStatus) {
        handlers[method] = .refusal(status)
    }

    /// Answers a method's calls with a stream that a driver drives. A status that `make` throws is the answer.
    public mutating func stream(_ method: RPCMethod, _ make: @escaping StreamFactory) {
        handlers[method] = .stream(make)
    }

    subscript(_ method: RPCMethod) -> Handler { registered(method).handler }

    /// What answers a method, and the method as it was registered: one text for all its calls.
    func registered(_ method: RPCMethod) -> (method: RPCMethod, handler: Handler) {
        guard let index = handlers.index(forKey: method) else { return (method, .refusal(fallback)) }
        return (handlers[index].key, handlers[index].value)
    }
}

public import Logging
public import MeshCore

/// A channel that could not be made, and why.
public struct RPCChannelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with the configuration.
    public var message: String

    public var description: String { message }
}

/// A connection to one server, made when it is first needed, over which calls are made.
///
/// Nothing but a call makes it connect: a lost connection is made anew by the next call, and a call on a server that
/// could not be reached before tries again, and fails with Unavailable if that fails. So whoever calls decides how
/// often a server is tried. Every channel has a connection of its own.
///
/// End it with ``shutDown()`` before the last reference goes.
public final class RPCChannel: Sendable {
    /// A call holds the core channel that it was made on.
    private struct OpenCall: Sendable {
        var call: CoreCall
        var core: CoreChannel
    }

    private struct State: Sendable {
        var isClosing = false
        var isEnded = false
        /// The channel for the next call; `nil` if one is to be made.
        var core: CoreChannel?
        var calls: [ObjectIdentifier: OpenCall] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let configuration: RPCChannelConfiguration
    private let shard: RPCShard
    private let hook: VerifierHook
    private let state = Locked(State())
    private let logger: Logger

    /// The server's host and port, or the path of its Unix socket.
    public let authority: String

    /// Makes a channel; nothing is sent before the first call.
    ///
    /// - Throws: ``RPCChannelError`` if a setting is out of its range or the credentials are not PEM text.
    public init(configuration: RPCChannelConfiguration, logger: Logger) throws(RPCChannelError) {
        if let fault = configuration.fault { throw RPCChannelError(message: fault) }
        shard = CoreRuntime.shared.nextShard()
        hook = VerifierHook(configuration.verifier, expecting: configuration.expectedPeer)
        authority = configuration.authority
        self.configuration = configuration
        self.logger = logger
    }

    deinit {
        if state.withLock({ $0.isEnded }) { return }
        assertionFailure("an RPCChannel to \(authority) was dropped without shutDown()")
    }

    /// The server's identity at the last handshake that succeeded; `nil` before the first.
    public var serverIdentity: PeerIdentity? { hook.current.accepted }

    /// Sends one message and awaits one; task cancellation cancels the call.
    ///
    /// - Parameters:
    ///   - timeout: The time the call may take; `nil` for no limit. The server learns it too.
    /// - Throws: The status that the call ended with, if it is not OK.
    public func unary(
        _ method: RPCMethod,
        _ request: [UInt8],
        timeout: Duration?,
        metadata: RPCMetadata = [:]
    ) async throws(RPCStatus) -> [UInt8] {
        if Task.isCancelled { throw RPCStatus(.cancelled, "the calling task was cancelled") }
        let call = try open(method, timeout: timeout, metadata: metadata)
        let unary = ClientUnaryCall(call, channel: self)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                unary.start(RPCPayload(request), metadata, continuation)
            }
        } onCancel: {
            call.cancel()
        }
        switch result.take() {
        case .success(let message): return message.bytes()
        case .failure(let status): throw explained(status)
        }
    }

    /// Opens a stream in both directions. It has no deadline: cancel it, or drop it.
    ///
    /// - Throws: A status if the metadata cannot be sent, or the channel is shut down or has too many calls.
    public func openStream(_ method: RPCMethod, metadata: RPCMetadata = [:]) throws(RPCStatus) -> RPCStream {
        let call = try open(method, timeout: nil, metadata: metadata)
        let stream = ClientStreamCall(call, channel: self)
        stream.start(metadata)
        return RPCStream(stream)
    }

    /// Ends all calls, awaits their ends, and gives the connection up. A second call awaits the same.
    public func shutDown() async {
        await withCheckedContinuation { continuation in
            let (calls, isDone) = state.withLock { state in
                state.isClosing = true
                if !state.isEnded { state.waiting.append(continuation) }
                return (state.calls.values.map(\.call), state.isEnded)
            }
            if isDone { continuation.resume() }
            for call in calls { call.cancel() }
            endIfDone()
        }
    }
}

// MARK: - Calls

extension RPCChannel {
    private func open(
        _ method: RPCMethod,
        timeout: Duration?,
        metadata: RPCMetadata
    ) throws(RPCStatus) -> CoreCall {
        if let fault = metadata.fault { throw RPCStatus(.invalidArgument, fault) }
        return try state.withLock { state throws(RPCStatus) in
            guard !state.isClosing else {
                throw RPCStatus(.unavailable, "the channel to \(authority) was shut down")
            }
            guard state.calls.count < configuration.maximumOpenCalls else {
                throw RPCStatus(
                    .resourceExhausted, "\(state.calls.count) calls are open on the channel to \(authority)")
            }
            // What failed is left to its open calls, if it has any: core would fail a new one without trying.
            if state.core?.isFailing == true { state.core = nil }
            if state.core == nil {
                logger.debug("a new channel to \(authority), at \(configuration.target)")
                state.core = CoreChannel(configuration, hook: hook)
            }
            guard let core = state.core,
                let call = core.makeCall(method, on: shard, deadline: CoreTime.deadline(after: timeout))
            else {
                throw RPCStatus(.internalError, "gRPC's core made no call of \(method) to \(configuration.target)")
            }
            state.calls[ObjectIdentifier(call)] = OpenCall(call: call, core: core)
            return call
        }
    }

    /// A call's last event arrived.
    func ended(_ call: CoreCall) {
        state.withLock { state in
            state.calls[ObjectIdentifier(call)] = nil
            // Core would go on trying to connect without anybody asking.
            if state.calls.isEmpty, state.core?.isFailing == true { state.core = nil }
        }
        endIfDone()
    }

    private func endIfDone() {
        let waiting: [CheckedContinuation<Void, Never>]? = state.withLock { state in
            guard state.isClosing, state.calls.isEmpty, !state.isEnded else { return nil }
            state.isEnded = true
            state.core = nil
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting ?? [] { continuation.resume() }
    }

    /// The status with what core does not know of its reason.
    func explained(_ status: RPCStatus) -> RPCStatus {
        ConnectionFailure.explain(status, authority: authority, refusal: hook.current.refusal)
    }
}

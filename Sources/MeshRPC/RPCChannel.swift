internal import CGRPC
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
/// A lost connection is made anew by the next call; until then nothing is tried. A call on a server that cannot be
/// reached fails with Unavailable at once. Every channel has a connection of its own.
///
/// End it with ``shutDown()`` before the last reference goes.
public final class RPCChannel: Sendable {
    private struct State: Sendable {
        var isClosing = false
        var isDestroyed = false
        var calls: [ObjectIdentifier: CoreCall] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let channel: CoreChannel
    private let shard: Shard
    private let hook: VerifierHook
    private let state = Locked(State())
    private let logger: Logger
    private let maximumOpenCalls: Int

    /// The server's host and port.
    public let authority: String

    /// Makes a channel; nothing is sent before the first call.
    ///
    /// - Throws: ``RPCChannelError`` if a setting is out of its range or the credentials are not PEM text.
    public init(configuration: RPCChannelConfiguration, logger: Logger) throws(RPCChannelError) {
        if let fault = configuration.fault { throw RPCChannelError(message: fault) }
        shard = CoreRuntime.shared.nextShard()
        hook = VerifierHook(configuration.verifier, expecting: configuration.expectedPeer)
        authority = configuration.authority
        maximumOpenCalls = configuration.maximumOpenCalls
        self.logger = logger
        let credentials = CoreCredentials.makeClient(configuration.credentials, hook)
        defer { grpc_channel_credentials_release(credentials) }
        let created = configuration.arguments.withCoreArguments { arguments in
            grpc_channel_create(configuration.target, credentials, arguments)
        }
        guard let created else {
            throw RPCChannelError(message: "gRPC's core made no channel to \(configuration.target)")
        }
        channel = CoreChannel(created)
    }

    deinit {
        if state.withLock({ $0.isDestroyed }) { return }
        assertionFailure("an RPCChannel to \(authority) was dropped without shutDown()")
        channel.destroy()
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
        switch result {
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
                if !state.isDestroyed { state.waiting.append(continuation) }
                return (Array(state.calls.values), state.isDestroyed)
            }
            if isDone { continuation.resume() }
            for call in calls { call.cancel() }
            destroyIfDone()
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
            guard state.calls.count < maximumOpenCalls else {
                throw RPCStatus(
                    .resourceExhausted, "\(state.calls.count) calls are open on the channel to \(authority)")
            }
            let call = channel.makeCall(method, on: shard, deadline: CoreTime.deadline(after: timeout))
            guard let call else { throw RPCStatus(.internalError, "gRPC's core made no call of \(method)") }
            state.calls[ObjectIdentifier(call)] = call
            return call
        }
    }

    /// A call's last event arrived.
    func ended(_ call: CoreCall) {
        _ = state.withLock { $0.calls.removeValue(forKey: ObjectIdentifier(call)) }
        destroyIfDone()
    }

    private func destroyIfDone() {
        let waiting: [CheckedContinuation<Void, Never>]? = state.withLock { state in
            guard state.isClosing, state.calls.isEmpty, !state.isDestroyed else { return nil }
            state.isDestroyed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        guard let waiting else { return }
        channel.destroy()
        for continuation in waiting { continuation.resume() }
    }

    /// The status with the reason that core does not know in full: that our side refused the server's certificate.
    func explained(_ status: RPCStatus) -> RPCStatus {
        guard status.code == .unavailable, let refusal = hook.current.refusal else { return status }
        return RPCStatus(.unavailable, "the certificate of \(authority) was refused: \(refusal)")
    }
}

public import Logging
internal import MeshCore

/// A gRPC server over mutual TLS.
///
/// It listens, and takes calls, from its creation on; unary calls wait until ``run()`` runs. End it with
/// ``shutDown(grace:)`` or by cancelling ``run()`` before the last reference goes.
///
/// A stream costs no thread and no task; unary handlers run in tasks of ``run()``, a bounded number at a time.
public final class RPCServer: Sendable {
    private struct State: Sendable {
        var core: ServerCore
        var isRunning = false
        var isClosing = false
    }

    /// The time between two looks at calls that take too long.
    static let tickInterval = Duration.seconds(1)

    private let configuration: RPCServerConfiguration
    private let calls: ServerCalls
    private let hook: VerifierHook
    private let logger: Logger
    private let state: Locked<State>
    private let closing = Latch()
    private let ended = Latch()

    /// The port that is listened on.
    public let port: Int

    /// Starts to listen.
    ///
    /// - Throws: ``RPCServerError`` if the configuration cannot be, the process may not open enough files, or the
    ///   address cannot be listened on.
    public init(
        configuration: RPCServerConfiguration,
        handlers: RPCHandlers,
        logger: Logger
    ) throws(RPCServerError) {
        var configuration = configuration
        if let fault = configuration.fault ?? CoreCredentials.fault(of: configuration.credentials) {
            throw RPCServerError(.invalidConfiguration, fault)
        }
        // Raises the limit of open files, so before the check.
        _ = CoreRuntime.shared
        if let fault = FileDescriptorLimit.fault(forConnections: configuration.maximumConnections) {
            throw RPCServerError(.tooFewFileDescriptors, fault)
        }
        let calls = ServerCalls(configuration: configuration, handlers: handlers, logger: logger)
        let hook = VerifierHook(configuration.verifier, expecting: .client)
        let core = try ServerCore(configuration, hook: hook, accept: calls.accept)
        // What comes after must listen where clients have learnt to come to.
        configuration.port = core.port
        port = core.port
        state = Locked(State(core: core))
        self.configuration = configuration
        self.calls = calls
        self.hook = hook
        self.logger = logger
    }

    deinit {
        assert(closing.isOpen, "an RPCServer on port \(port) was dropped without shutDown(grace:)")
    }

    /// How many streams and unary calls are open.
    public var openCalls: (streams: Int, unary: Int) { calls.counts }

    /// Serves until the task is cancelled, which shuts the server down at once, or until ``shutDown(grace:)`` is done.
    ///
    /// - Throws: ``RPCServerError`` if it was called before.
    public func run() async throws {
        let wasRunning = state.withLock { state in
            defer { state.isRunning = true }
            return state.isRunning
        }
        if wasRunning { throw RPCServerError(.alreadyRunning, "the server on port \(port) is run twice") }

        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchOver() }
            await runCalls()
            group.cancelAll()
        }
        if Task.isCancelled {
            await shutDown(grace: .zero)
        } else {
            await ended.wait()
        }
    }

    private func runCalls() async {
        await withDiscardingTaskGroup { group in
            while let call = await calls.queue.next() {
                group.addTask { [calls, configuration, logger] in
                    await call.run(verifier: configuration.verifier, logger: logger)
                    calls.queue.finished()
                }
            }
        }
    }

    /// Shuts the server down: it takes no more connections and calls, ends streams with Unavailable, gives calls that
    /// are under way `grace` to end, then ends them. Returns when every connection is closed; later calls await that.
    ///
    /// Cancelling the calling task ends the grace.
    public func shutDown(grace: Duration) async {
        let (core, isFirst) = state.withLock { state in
            defer { state.isClosing = true }
            return (state.core, !state.isClosing)
        }
        guard isFirst else { return await ended.wait() }
        closing.open()
        core.shutDown()
        calls.close()
        await calls.idle.wait(atMost: grace)
        core.cancelAllCalls()
        await core.ended.wait()
        ended.open()
    }

    private func watchOver() async {
        while !Task.isCancelled, !closing.isOpen {
            await closing.wait(atMost: Self.tickInterval)
            calls.tick(interval: Self.tickInterval)
            logRefusals()
        }
    }

    private func logRefusals() {
        let (refusals, more) = hook.takeRefusals()
        for refusal in refusals { logger.warning("refused a client's certificate: \(refusal)") }
        if more > 0 { logger.warning("refused \(more) more certificates of clients") }
    }
}

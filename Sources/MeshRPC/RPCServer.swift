public import Logging
public import MeshCore

/// A gRPC server over mutual TLS.
///
/// It listens, and takes calls, from its creation on; unary calls that are not answered at once wait until ``run()`` runs. End it with
/// ``shutDown(grace:)`` or by cancelling ``run()``; one that was never run is closed when its last reference goes.
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
    private let credentials: CredentialsDirectory
    private let revoked: Locked<RevokedCertificates>
    private let logger: Logger
    private let state: Locked<State>
    private let closing = Latch()
    private let ended = Latch()

    /// The port that is listened on; 0 for a Unix socket.
    public let port: Int

    /// Starts to listen.
    ///
    /// The credentials, private key included, are copied into a directory of the server's own with mode 0700, in which
    /// core looks for them; it is removed when the server has ended.
    ///
    /// - Throws: ``RPCServerError`` if the configuration cannot be, the process may not open enough files, the address
    ///   cannot be listened on, or the credentials cannot be laid down.
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
        let revoked = Locked(RevokedCertificates())
        configuration.verifier = configuration.verifier.refusing { revoked.withLock { $0 } }
        let credentials: CredentialsDirectory
        do {
            credentials = try CredentialsDirectory(configuration.credentials, in: configuration.credentialsDirectory)
        } catch {
            throw RPCServerError(.credentialsNotStored, error.message)
        }
        // From here on the directory has them, also when they are others.
        configuration.credentials = TLSCredentials(certificateChain: "", privateKey: "", trustedRoots: "")
        let calls = ServerCalls(configuration: configuration, handlers: handlers, logger: logger)
        let hook = VerifierHook(configuration.verifier, expecting: .client)
        let core = try ServerCore(configuration, credentials: credentials, hook: hook, accept: calls.accept)
        if configuration.unixPath == nil {
            // What comes after must listen where clients have learnt to come to.
            configuration.port = core.port
            port = core.port
        } else {
            port = 0
        }
        state = Locked(State(core: core))
        self.configuration = configuration
        self.calls = calls
        self.hook = hook
        self.credentials = credentials
        self.revoked = revoked
        self.logger = logger
    }

    deinit {
        if closing.isOpen { return }
        // It was never run, as a run ends with a shutdown. Core closes it without anyone waiting.
        let core = state.withLock { $0.core }
        core.shutDown()
        core.cancelAllCalls()
    }

    /// How many streams and unary calls are open.
    public var openCalls: (streams: Int, unary: Int) { calls.counts }

    /// What is open, and what was done so far. Cheap: it looks at a few locks and the clients that have something open.
    public var counters: RPCServerCounters {
        var counters = calls.counters
        (counters.acceptedHandshakes, counters.refusedHandshakes) = hook.counts
        return counters
    }

    /// Serves until the task is cancelled, which shuts the server down at once, or until ``shutDown(grace:)`` is done.
    ///
    /// - Throws: ``RPCServerError`` if it was called before.
    public func run() async throws {
        let wasRunning = state.withLock { state in
            defer { state.isRunning = true }
            return state.isRunning
        }
        if wasRunning { throw RPCServerError(.alreadyRunning, "the server on \(configuration.place) is run twice") }

        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchOverCalls() }
            group.addTask { await self.watchOverListener() }
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
                group.addTask { [calls, logger] in
                    await call.run(logger: logger)
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
        // Nobody takes them if the server was never run.
        calls.discardQueued()
        credentials.remove()
        ended.open()
    }

    private func watchOverCalls() async {
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

// MARK: - Certificates

extension RPCServer {
    /// Shows another certificate, and trusts other roots, at handshakes from about a second from now on. Connections,
    /// calls and streams go on; peers are not judged anew by the new roots.
    ///
    /// - Important: Only credentials that were validated belong here (a pair that belongs together, valid, for a
    ///   server): with others, every handshake fails until they are replaced.
    /// - Throws: ``RPCServerError`` if they are not PEM text or cannot be laid down; what was there is still used then.
    public func replaceCredentials(_ credentials: TLSCredentials) throws(RPCServerError) {
        if let fault = CoreCredentials.fault(of: credentials) { throw RPCServerError(.invalidConfiguration, fault) }
        do {
            try self.credentials.replace(with: credentials)
        } catch {
            throw RPCServerError(.credentialsNotStored, error.message)
        }
    }

    /// Refuses, from now on, all certificates in `revoked` and no others: at handshakes, at every call, and in streams
    /// and calls that are open, which are ended with Unauthenticated before this returns or shortly after.
    ///
    /// A revoked client's connection stays until the client gives it up, but carries nothing any more.
    public func setRevoked(_ revoked: RevokedCertificates) {
        self.revoked.withLock { $0 = revoked }
        let ended = calls.judgeAnew()
        if ended > 0 { logger.notice("ended \(ended) calls and streams of clients whose certificates are refused now") }
    }
}

// MARK: - The listener

extension RPCServer {
    private func watchOverListener() async {
        guard let probe = configuration.probe else {
            return logger.warning("port \(port) is not watched over: '\(configuration.host)' has no address")
        }
        var health = ListenerHealth()
        while true {
            await closing.wait(atMost: configuration.listenerProbeInterval)
            if Task.isCancelled || closing.isOpen { return }
            guard let finding = await probe.look() else { return }
            switch health.found(finding) {
            case .none: break
            case .report(let reason): logger.error("cannot look at whether \(configuration.place) is served: \(reason)")
            case .replace: await replaceListener()
            }
        }
    }

    /// Gives up the listener that accepts nothing any more, with its connections, and listens anew on the same place.
    ///
    /// Connections go with it because core's server is both. Where listening fails, the next probe finds nobody, and
    /// it is tried again.
    private func replaceListener() async {
        logger.error(
            """
            \(configuration.place) accepts no connections any more, which happens once no file descriptor was left for \
            one; listening anew, which ends all present connections
            """
        )
        let old = state.withLock { $0.core }
        old.shutDown()
        old.cancelAllCalls()
        await old.ended.wait()
        if closing.isOpen { return }
        let new: ServerCore
        do throws(RPCServerError) {
            new = try ServerCore(configuration, credentials: credentials, hook: hook, accept: calls.accept)
        } catch {
            return logger.critical("\(error); nobody is served until the next attempt succeeds")
        }
        let isClosing = state.withLock { state in
            if !state.isClosing { state.core = new }
            return state.isClosing
        }
        // Shut down meanwhile: nobody else knows of the new one.
        guard isClosing else { return logger.notice("\(configuration.place) is served again") }
        new.shutDown()
        new.cancelAllCalls()
        await new.ended.wait()
    }
}

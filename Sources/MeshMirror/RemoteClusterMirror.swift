public import Logging
public import MeshClient
public import MeshCore
internal import MeshRecords
public import ServiceLifecycle

/// Follows one peer's state, read-only: nodes, services, identities and IPs, kept while the peer is away.
///
/// Run it once, with ``run()``. It connects to one of the peer's endpoints, waits for the cluster config that says that
/// the peer is the cluster it is configured as, lists the peer's records and follows their changes. When the connection
/// ends, it keeps what it has, marks it stale, and connects again after a back-off with jitter; it goes on where it was
/// if the peer still has that history, and else reads the peer's state again and applies what differs.
///
/// Records that are no records, or not the peer's to publish, are refused, counted and told of in ``status``; they
/// disturb nothing else. If the value of a known key becomes one of these, the last good one is kept
/// (``MirrorRecord/isOutdated``).
///
/// Shutting down keeps what the mirror holds; ``drain()``, for a peer that left the mesh, withdraws it.
///
/// Everything here may be used from any task.
public final class RemoteClusterMirror: Service, CustomStringConvertible {
    private let core: MirrorCore
    private let logger: Logger

    /// Makes a mirror; nothing is connected before ``run()``.
    ///
    /// - Throws: ``MirrorConfigurationError`` if a setting is out of its range, or no endpoint is given.
    public init(configuration: MirrorConfiguration, logger: Logger) throws(MirrorConfigurationError) {
        guard configuration.fault == nil, let rotation = EndpointRotation(configuration.endpoints) else {
            throw MirrorConfigurationError(
                message: "peer \(configuration.cluster): \(configuration.fault ?? "no endpoint is given")"
            )
        }
        var logger = logger
        logger[metadataKey: "peer"] = "\(configuration.cluster)"
        self.logger = logger
        core = MirrorCore(configuration: configuration, rotation: rotation, logger: logger)
    }

    /// The peer's name.
    public var cluster: ClusterName { core.configuration.cluster }

    public var description: String { "mirror of \(cluster)" }

    // MARK: What it holds

    /// What the mirror holds now. O(1), never waits for the peer.
    public func snapshot() -> MirrorSnapshot { core.snapshot }

    /// What changes from now on, with the snapshot that it starts from.
    public func changes() -> MirrorChanges { core.subscribe() }

    /// How the mirror is doing.
    public var status: MirrorStatus { core.status }

    // MARK: Changing it

    /// The peer is reached elsewhere from now on. An open connection is ended, and one of the new endpoints tried at once;
    /// what the mirror holds is kept, and if the server there has the same history, the watch goes on where it was. The
    /// endpoints that the mirror has already change nothing; an empty list is not taken.
    public func replaceEndpoints(_ endpoints: [EtcdEndpoint]) { core.replaceEndpoints(endpoints) }

    /// Connections are made with other credentials from now on. An open connection stays: its server has let it in.
    public func replaceCredentials(_ credentials: TLSCredentials) { core.replaceCredentials(credentials) }

    /// Servers' certificates are judged by another verifier from now on. An open connection whose server it refuses ends.
    public func replaceVerifier(_ verifier: PeerVerifier) { core.replaceVerifier(verifier) }

    // MARK: Running

    /// Follows the peer until the task is cancelled, the service group shuts down, or ``drain()`` is called. A peer that
    /// can't be reached, or misbehaves, never ends it.
    ///
    /// - Throws: ``MirrorRunError`` if it was already run.
    public func run() async throws {
        let (stops, stop) = AsyncStream<Never>.makeStream()
        try core.beginRun { stop.finish() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.stayConnected() }
                // Ends when told to, or when this task is cancelled.
                group.addTask { for await _ in stops {} }
                if core.configuration.serviceTimeToLive != nil { group.addTask { await self.expireServices() } }
                await group.next()
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            stop.finish()
        }
        await core.endRun()
    }

    /// Withdraws everything, for a peer that left the mesh: ends the connection, removes all records, a few at a time,
    /// tells subscribers. Returns when that is done; ``run()`` then returns too.
    public func drain() async {
        let isOurs = await withCheckedContinuation { core.drain($0) }
        if isOurs { await core.finishDrain() }
    }

    private func stayConnected() async {
        let follower = RangeFollower(
            ranges: MirrorRange.all.map { $0.keys(of: cluster) },
            configuration: core.configuration.following
        )
        while let reader = core.connectionDue() {
            let error = await connect(reader, follower)
            guard case .retry = core.connectionEnded(error) else { return }
            await pauseBeforeNextAttempt()
        }
    }

    /// Follows the peer over one connection; answers why it ended.
    private func connect(_ configuration: EtcdReaderConfiguration, _ follower: RangeFollower) async -> FollowError {
        let reader: EtcdReader
        do {
            reader = try EtcdReader(configuration: configuration, logger: logger)
        } catch {
            return FollowError(.requestFailed, "no connection can be made", cause: error)
        }
        let (ends, end) = AsyncStream<Never>.makeStream()
        core.waitBegan(serverIdentity: { reader.serverIdentity }, interrupt: { end.finish() })
        let error: FollowError = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in ends {}
                await reader.shutDown()
            }
            group.addTask { [core] in
                while case .again(let pause) = core.checkTime() {
                    do { try await Task.sleep(for: pause) } catch { return }
                }
                end.finish()
            }
            defer { group.cancelAll() }
            do throws(FollowError) {
                try await follower.follow(reader, applying: MirrorApplier(core))
            } catch {
                return error
            }
        }
        core.waitEnded()
        await reader.shutDown()
        return error
    }

    /// Sleeps until the next attempt is due, or is made due earlier.
    private func pauseBeforeNextAttempt() async {
        let (ends, end) = AsyncStream<Never>.makeStream()
        core.waitBegan { end.finish() }
        let pause = core.timeToNextAttempt
        if pause > .zero {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in ends {} }
                group.addTask { try? await Task.sleep(for: pause) }
                await group.next()
                group.cancelAll()
            }
        }
        core.waitEnded()
    }

    /// Withdraws the services of the peer when it was away for too long.
    private func expireServices() async {
        while !Task.isCancelled {
            let pause = core.checkServiceExpiry()
            await core.finishWithdrawal()
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }
}

/// A mirror that can't run.
public struct MirrorRunError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why.
    public var message: String

    public var description: String { message }
}

// MARK: - Steps

extension MirrorCore {
    func beginRun(stop: @escaping @Sendable () -> Void) throws(MirrorRunError) {
        let name = configuration.cluster
        try update { state throws(MirrorRunError) in
            guard case .notStarted = state.run else {
                throw MirrorRunError(message: "the mirror of \(name) was already run; make a new one")
            }
            state.run = .running(stop)
        }
    }

    /// The running task has ended.
    func endRun() async {
        let drains = update { state in
            state.run = .ended
            state.machine.shutDown()
            if state.machine.state == .draining { return true }
            state.endSubscriptions()
            return false
        }
        if drains { await finishDrain() }
    }

    /// The mirror is to be drained. `continuation` is resumed with true if the caller has to do it by ``finishDrain()``,
    /// as the mirror does not run, and with false when it has been done.
    func drain(_ continuation: CheckedContinuation<Bool, Never>) {
        update { state in
            var stop: (@Sendable () -> Void)?
            if case .running(let end) = state.run { stop = end }
            switch state.machine.drainRequested(isRunning: stop != nil) {
            case .endConnection:
                state.drainers.append(continuation)
                if let stop { state.afterwards.append(stop) }
            case .drain:
                state.run = .ended
                state.afterwards.append { continuation.resume(returning: true) }
            case .nothing:
                if state.machine.state == .gone {
                    state.afterwards.append { continuation.resume(returning: false) }
                } else {
                    state.drainers.append(continuation)
                }
            }
        }
    }

    /// Lets everything go, a few records at a time, and tells who waits for it.
    func finishDrain() async {
        await withdrawEverything()
        update { state in
            state.cache.removeAll()
            state.revisions = [:]
            state.machine.drained()
            state.publish([.withdrawn(state.status.cluster)])
            state.afterwards += state.drainers.map { waiter in { waiter.resume(returning: false) } }
            state.drainers = []
        }
        update { $0.endSubscriptions() }
    }
}

public import Logging
internal import MeshClient
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
        core = MirrorCore(
            configuration: configuration,
            rangeCount: MirrorApplier.ranges(of: configuration.cluster).count,
            rotation: rotation,
            logger: logger
        )
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
                await group.next()
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            stop.finish()
        }
        core.endRun()
    }

    /// Withdraws everything, for a peer that left the mesh: ends the connection, removes all records, tells subscribers.
    /// Returns when that is done; ``run()`` then returns too.
    public func drain() async {
        await withCheckedContinuation { core.drain($0) }
    }

    private func stayConnected() async {
        let follower = RangeFollower(
            ranges: MirrorApplier.ranges(of: cluster),
            configuration: core.configuration.following
        )
        while let endpoint = core.connectionDue() {
            let error = await connect(to: endpoint, follower)
            guard case .retry(let delay) = core.connectionEnded(error) else { return }
            do {
                try await Task.sleep(for: delay)
            } catch {
                return
            }
        }
    }

    /// Follows the peer over one connection; answers why it ended.
    private func connect(to endpoint: EtcdEndpoint, _ follower: RangeFollower) async -> FollowError {
        let reader: EtcdReader
        do {
            reader = try EtcdReader(configuration: core.configuration.reader(of: endpoint), logger: logger)
        } catch {
            return FollowError(.requestFailed, "no connection can be made", cause: error)
        }
        let core = core
        let limit = core.configuration.identifyTimeout
        let deadline = WaitDeadline(limit, while: { !core.isIdentified }) { await reader.shutDown() }
        let applier = MirrorApplier(core)
        let error: FollowError = await deadline.guarding {
            do throws(FollowError) {
                try await follower.follow(reader, applying: applier)
            } catch {
                return error
            }
        }
        await reader.shutDown()
        guard !deadline.isOver else {
            return FollowError(
                .timedOut,
                "the peer did not publish its cluster config within \(limit); is its name \(cluster)?"
            )
        }
        return error
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

    func connectionDue() -> EtcdEndpoint? {
        if Task.isCancelled { return nil }
        var generator = RandomNumbers()
        return update { state in
            guard let endpoint = state.machine.connectionDue(using: &generator) else { return nil }
            state.status.endpoint = endpoint
            return endpoint
        }
    }

    func connectionEnded(_ error: FollowError) -> MirrorStateMachine.EndAction {
        let random = Double.random(in: 0..<1)
        return update { state in
            // Our own end is not the peer's failure.
            if Task.isCancelled {
                state.machine.shutDown()
            } else {
                state.status.lastError = "\(error)"
            }
            return state.machine.connectionEnded(random: random)
        }
    }

    func endRun() {
        update { state in
            state.run = .ended
            state.machine.shutDown()
            state.withdrawIfDraining()
        }
        update { $0.endSubscriptions() }
    }

    func drain(_ continuation: CheckedContinuation<Void, Never>) {
        update { state in
            var stop: (@Sendable () -> Void)?
            if case .running(let end) = state.run { stop = end }
            switch state.machine.drainRequested(isRunning: stop != nil) {
            case .endConnection:
                state.drainers.append(continuation)
                if let stop { state.afterwards.append(stop) }
            case .drain:
                state.run = .ended
                state.withdrawIfDraining()
                state.afterwards.append { continuation.resume() }
            case .nothing:
                if state.machine.state == .gone {
                    state.afterwards.append { continuation.resume() }
                } else {
                    state.drainers.append(continuation)
                }
            }
        }
        update { state in
            if state.machine.state == .gone { state.endSubscriptions() }
        }
    }
}

extension MirrorCore.State {
    /// Lets everything go if that was asked for, and tells who waits for it.
    mutating func withdrawIfDraining() {
        guard machine.state == .draining else { return }
        cache.removeAll()
        revisions = [:]
        machine.drained()
        publish([.withdrawn(status.cluster)])
        let waiting = drainers
        drainers = []
        afterwards += waiting.map { waiter in { waiter.resume() } }
    }
}

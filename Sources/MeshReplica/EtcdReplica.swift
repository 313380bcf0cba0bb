public import Logging
internal import MeshClient
public import MeshCore
public import MeshStore
public import ServiceLifecycle

/// Follows this cluster's own etcd and feeds a store with it, so that a server in front of that store is a proxy of the
/// etcd: it serves any number of clients out of one watch.
///
/// Run it once, with ``run()``. It connects to one of the endpoints, lists everything at one revision, watches from
/// there on, and tells the store each revision as a whole. What is promised to who reads the store:
/// - Revisions, `create_revision`, `version`, `lease` and `cluster_id` are the etcd's; `member_id` is the replica's own.
///   A client may go on at the replica where it was at the etcd, and the other way round.
/// - Reads are answered at every revision since the last reset, as far as the store's bounds of history keep it.
/// - A watch gets every change, once and in order, or is cancelled with `compact_revision`. It is cancelled when the
///   store is *reset*: when the etcd no longer has the history that the replica lacks, when its data were replaced or
///   restored from a backup (also with the same `cluster_id`), and when another etcd answers. Watch streams that told
///   another `cluster_id` end.
/// - A linearizable read (`StoreReader.whenFresh`) sees everything that was committed before it was asked for: it waits
///   for a linearizable read of the etcd that began later, shared by all that wait, and until the store is that far.
///   After ``ReplicaConfiguration/freshReadTimeout`` it fails with Unavailable.
/// - While no etcd can be reached the store keeps what it has, marked as stale, and serves serializable reads and
///   watches on.
///
/// Leases are numbers on pairs here; the etcd keeps them. Nothing is ever written to it.
public final class EtcdReplica: Service, CustomStringConvertible {
    /// The store that is fed.
    public let store: ReplicatedStore

    private let core: ReplicaCore
    private let credentials: Locked<TLSCredentials>
    private let logger: Logger

    /// Makes a replica; nothing is connected before ``run()``.
    ///
    /// - Parameter store: belongs to this replica alone.
    /// - Throws: ``ReplicaConfigurationError`` if a setting is out of its range, or the number of endpoints is.
    public init(
        configuration: ReplicaConfiguration,
        store: ReplicatedStore,
        logger: Logger
    ) throws(ReplicaConfigurationError) {
        guard configuration.fault == nil, let rotation = EndpointRotation(configuration.endpoints) else {
            throw ReplicaConfigurationError(message: "replica: \(configuration.fault ?? "no endpoint is given")")
        }
        self.store = store
        self.logger = logger
        credentials = Locked(configuration.credentials)
        core = ReplicaCore(configuration: configuration, store: store, rotation: rotation, logger: logger)
    }

    public var description: String { "replica" }

    /// How the replica is doing.
    public var status: ReplicaStatus { core.status }

    /// Shows the etcd another certificate, and trusts other authorities, from the next connection on. The present one is
    /// kept: it was judged when it was made.
    public func replaceCredentials(_ credentials: TLSCredentials) {
        self.credentials.withLock { $0 = credentials }
    }

    /// Follows the etcd until the task is cancelled or the service group shuts down. An etcd that can't be reached, or
    /// misbehaves, never ends it.
    ///
    /// - Throws: ``ReplicaRunError`` if it was already run.
    public func run() async throws {
        let deadlines = try core.beginRun()
        store.setStale(true)
        store.setFreshness { [core] () async throws(EtcdError) in try await core.whenFresh() }
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.core.watchDeadlines(deadlines) }
                await self.stayConnected()
                group.cancelAll()
            }
        }
        store.setFreshness(nil)
        core.endRun()
    }

    private func stayConnected() async {
        let follower = RangeFollower(ranges: [core.configuration.range], configuration: core.configuration.following)
        while let endpoint = core.connectionDue() {
            let error = await connect(to: endpoint, follower)
            guard case .retry(let delay) = core.connectionEnded(error) else { return }
            guard (try? await Task.sleep(for: delay)) != nil else { return }
        }
    }

    /// Follows the etcd over one connection; answers why it ended.
    private func connect(to endpoint: EtcdEndpoint, _ follower: RangeFollower) async -> FollowError {
        var configuration = core.configuration.reader(of: endpoint)
        configuration.credentials = credentials.withLock { $0 }
        let reader: EtcdReader
        do {
            reader = try EtcdReader(configuration: configuration, logger: logger)
        } catch {
            return FollowError(.requestFailed, "no connection can be made", cause: error)
        }
        let signals = core.connectionBegan(handshakes: { reader.handshakes })
        let error: FollowError = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.core.confirmReads(reader, signals) }
            defer { group.cancelAll() }
            do throws(FollowError) {
                if core.configuration.needsProgress { try await Self.checkProgress(of: reader) }
                try await follower.follow(reader, applying: ReplicaApplier(core))
            } catch {
                return error
            }
        }
        await reader.shutDown()
        return error
    }

    /// Refuses an etcd whose answers to requests for progress can't be relied on.
    private static func checkProgress(of reader: EtcdReader) async throws(FollowError) {
        let version: String
        do {
            version = try await reader.version()
        } catch {
            throw FollowError(.requestFailed, "the etcd's version could not be read", cause: error)
        }
        if let fault = EtcdVersion.progressFault(of: version) { throw FollowError(.refused, fault) }
    }
}

// MARK: - Steps

extension ReplicaCore {
    func beginRun() throws(ReplicaRunError) -> AsyncStream<Void> {
        let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try update { state throws(ReplicaRunError) in
            guard case .notStarted = state.run else {
                throw ReplicaRunError(message: "the replica was already run; make a new one")
            }
            state.run = .running
            state.deadlineSignal = signal
        }
        return signals
    }

    func connectionDue() -> EtcdEndpoint? {
        if Task.isCancelled { return nil }
        var generator = RandomNumbers()
        return update { state in
            let endpoint = state.machine.connectionDue(using: &generator)
            state.status.endpoint = endpoint
            return endpoint
        }
    }

    /// Answers what wakes the task that sends reads on this connection.
    func connectionBegan(handshakes: @escaping @Sendable () -> Int) -> AsyncStream<Void> {
        let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        update { $0.connection = Connection(signal: signal, handshakes: handshakes) }
        return signals
    }

    func connectionEnded(_ error: FollowError) -> ReplicaStateMachine.EndAction {
        let random = Double.random(in: 0..<1)
        return update { state in
            let reason = state.connection?.abort ?? error
            state.connection = nil
            state.freshReads.followingEnded()
            // Our own end is not the etcd's failure.
            if Task.isCancelled {
                state.machine.shutDown()
            } else {
                state.status.lastError = "\(reason)"
            }
            return state.machine.connectionEnded(random: random)
        }
    }

    func endRun() {
        update { state in
            state.run = .ended
            state.machine.shutDown()
            state.deadlineSignal = nil
            state.resume(state.freshReads.ended(), .failure(.stopped))
        }
    }
}

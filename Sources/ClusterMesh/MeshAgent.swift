public import Logging
internal import MeshCore
internal import MeshMirror
internal import MeshRecords
public import MeshStore
internal import MeshViews
internal import MeshWatcher
public import ServiceLifecycle

/// One cluster's agent: its own store, the server that shows it to other clusters, a mirror of each peer, and the merged
/// views over all of them.
///
/// Make it, publish the cluster's records, call ``initialStateComplete()`` once they are all there, and run it, alone or
/// in a `ServiceGroup`:
///
/// ```swift
/// let agent = try MeshAgent(configuration: configuration, logger: logger)
/// try agent.publish([.node(node), .service(service)])
/// try agent.initialStateComplete()
/// try await agent.run()
/// ```
///
/// A peer that is down, slow or hostile changes nothing in the store, in what is held of other peers, or in the time it
/// takes to read either. Shutting down withdraws nothing: whoever reads the views keeps the last state.
///
/// Everything here may be used from any task.
public final class MeshAgent: Service {
    /// What the agent was made with.
    public let configuration: MeshConfiguration

    /// The cluster's own state, to be read; nothing that a peer sends gets here.
    public let reader: StoreReader

    /// What all clusters say, merged.
    public let views: MergedViews

    let state: AgentStore
    let server: WatcherServer
    let local: LocalServer?
    let publisher: LocalPublisher?
    let republisher: Republisher?
    let peerSet: PeerSet
    let peersFollower: PeersFollower?
    let statusSource: StatusSource
    private let initialState: InitialState
    private let logger: Logger

    /// Checks the configuration, makes an empty store and listens for other clusters; nothing is served or connected
    /// before ``run()``.
    ///
    /// - Throws: ``MeshConfigurationError`` that says which cluster, peer or address is wrong, and what to do.
    public init(configuration: MeshConfiguration, logger: Logger) throws(MeshConfigurationError) {
        try configuration.validate()
        self.configuration = configuration
        self.logger = logger
        views = MergedViews(local: configuration.name)
        do {
            let state = try AgentStore(configuration, logger: logger)
            let reader = state.reader
            initialState = InitialState(of: configuration, in: state.own)
            publisher = state.own.map { LocalPublisher(to: $0, for: configuration) }
            let republisher = try configuration.republishing.map {
                try Republisher($0, in: configuration, logger: logger)
            }
            self.republisher = republisher
            let peerSet = PeerSet(of: configuration.name, configuration.id, feeding: views, logger: logger) {
                var mirror = configuration.mirror(of: $0, $1, $2)
                if let republisher { mirror.sink = republisher.sink(for: mirror.cluster) }
                return try RemoteClusterMirror(configuration: mirror, logger: logger)
            }
            try peerSet.setPeers(configuration.peers)
            server = try WatcherServer(
                configuration: configuration.server, reader: reader, health: initialState.health, logger: logger)
            let source = StatusSource(
                configuration, port: server.port, reader: reader, initialState, peerSet, views, state.replica)
            local = try configuration.localServer.map { [initialState] local in
                guard let own = state.own else { throw MeshConfigurationError.follows(configuration.name) }
                return try LocalServer(
                    configuration: local,
                    store: own,
                    agent: LocalAgent(
                        declareInitialStateComplete: { try initialState.declareComplete() },
                        status: { AgentStatus(source.status()) }
                    ),
                    health: initialState.health,
                    logger: logger
                )
            }
            // Last: what cannot be read is no error, but is told in the log.
            peersFollower = configuration.peersDirectory.map {
                PeersFollower($0, of: configuration.name, configuring: peerSet, logger: logger)
            }
            statusSource = source
            self.peerSet = peerSet
            self.reader = reader
            self.state = state
        } catch let error as MeshConfigurationError {
            throw error
        } catch {
            throw MeshConfigurationError("cluster '\(configuration.name)': \(error)", cause: error)
        }
    }

    /// The cluster's own state, to be written.
    ///
    /// - Throws: ``MeshConfigurationError`` if the agent follows an etcd, where all writes belong.
    public var store: KVStore {
        get throws(MeshConfigurationError) {
            guard let own = state.own else { throw .follows(configuration.name) }
            return own
        }
    }

    /// The port that other clusters connect to.
    public var port: Int { server.port }

    /// Where the cluster's own agents write; `nil` where only this process does.
    public var localAddress: LocalAddress? { local?.address }

    /// Says that the store holds all of the cluster's records: publishes the cluster config and, for each kind of
    /// record, the canary that peers wait for, and tells by gRPC's health protocol that the server is serving.
    ///
    /// Until then peers take nothing from this cluster, since a store that is still filling looks like a mass deletion.
    /// Saying it again is harmless.
    ///
    /// An agent that follows an etcd says so by itself, once it has listed it, and leaves config and canaries to the
    /// etcd's writers.
    ///
    /// - Throws: ``MeshCore/EtcdError`` if the store refuses the write; ``MeshConfigurationError`` if an etcd is followed.
    public func initialStateComplete() throws {
        try initialState.declareComplete()
    }

    /// How the agent and its peers are doing. O(peers), never waits for one.
    public func status() -> MeshStatus { statusSource.status() }

    /// Serves and mirrors until the task is cancelled or the service group shuts down gracefully.
    ///
    /// - Throws: An error of the server, if it can no longer serve. No peer can end it.
    public func run() async throws {
        logger.info(
            "agent runs",
            metadata: ["cluster": "\(configuration.name)", "port": "\(port)", "peers": "\(peerSet.mirrors.count)"]
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.peerSet.run() }
            if let peersFollower { group.addTask { await peersFollower.run() } }
            group.addTask {
                try await self.waitUntilFilled()
                await self.followOwnRecords()
            }
            group.addTask { try await self.state.run() }
            if let own = state.own {
                group.addTask {
                    await Heartbeat(in: own, every: self.configuration.heartbeatInterval, logger: self.logger).run()
                }
            }
            if let republisher { group.addTask { await republisher.maintain() } }
            group.addTask { await self.keepClusterConfig() }
            group.addTask { await self.tellMetrics() }
            defer { group.cancelAll() }
            try await serve()
        }
    }

    /// Runs the servers, until they are told to end or one of them can no longer serve.
    private func serve() async throws {
        try await withThrowingTaskGroup(of: Void.self) { servers in
            servers.addTask { try await self.server.run() }
            if let local { servers.addTask { try await local.run() } }
            if let republisher { servers.addTask { try await republisher.serve() } }
            // Throws with the first that fails, and so ends the other.
            for try await _ in servers {}
        }
    }

    /// Waits until there is a store to read: a followed etcd must have been listed, an own store is there at once.
    func waitUntilFilled() async throws {
        guard let replica = state.replica else { return }
        while !replica.status.isListed { try await Task.sleep(for: .milliseconds(10)) }
        initialState.wasFilled()
    }

    /// Keeps the own cluster config as it was published. Where an etcd is followed, that is its writers'.
    private func keepClusterConfig() async {
        guard state.own != nil else { return }
        await ClusterConfigKeeper(of: configuration.name, in: reader, initialState, logger: logger).run()
    }

    /// Keeps the views in step with what the own cluster says.
    private func followOwnRecords() async {
        let records = LocalRecords(
            cluster: configuration.name, id: configuration.id, space: configuration.idSpace)
        var follower = LocalRecordsFollower(records, reader: reader, publisher: publisher)
        await follower.run { outcome in
            self.show(outcome)
        } restarted: {
            logger.info("the own store was compacted past the views; reading it again")
        }
    }

    private func show(_ outcome: LocalRecords.Outcome) {
        views.apply(outcome.updates)
        guard !outcome.rejected.isEmpty else { return }
        statusSource.rejectedLocalRecords.withLock { $0 += outcome.rejected.count }
        for error in outcome.rejected.prefix(3) {
            logger.warning("an own record is not valid and not shown in the views", metadata: ["error": "\(error)"])
        }
    }
}

internal import Logging
internal import MeshCore
internal import MeshMirror
internal import MeshRecords
internal import MeshStore
internal import MeshTLS
internal import MeshWatcher

/// Copies what an agent's mirrors take into a store of its own, and serves that to the cluster's own agents.
///
/// Each peer's mirror has a ``sink(for:)`` and calls it from its own task; what it says is in the store when the call
/// returns. What takes its time (the grace of a peer that left) happens in ``maintain()``.
final class Republisher: Sendable {
    let copies: CopyStore
    let server: WatcherServer
    private let cluster: ClusterName
    private let grace: Duration
    private let heartbeatInterval: Duration
    private let clock: StoreClock
    private let time: @Sendable () -> Int64
    private let logger: Logger
    private let departures: (stream: AsyncStream<Void>, signal: AsyncStream<Void>.Continuation)

    /// Makes an empty store and listens.
    ///
    /// - Parameters:
    ///   - clock: What the grace is measured by.
    ///   - time: The seconds since 1970, for the values of canaries.
    /// - Throws: ``MeshWatcher/WatcherServerError`` if the address cannot be listened on.
    init(
        _ configuration: RepublishingConfiguration, in agent: MeshConfiguration, logger: Logger,
        clock: some Clock<Duration> = ContinuousClock(), time: @escaping @Sendable () -> Int64 = { UTCTime.now }
    ) throws {
        var logger = logger
        logger[metadataKey: "store"] = "cache"
        self.logger = logger
        cluster = agent.name
        grace = configuration.removalGrace
        heartbeatInterval = agent.heartbeatInterval
        self.clock = StoreClock(clock)
        self.time = time
        copies = CopyStore(KVStore(configuration: configuration.storeConfiguration))
        let (stream, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        departures = (stream, signal)
        server = try WatcherServer(
            configuration: configuration.server(of: agent.name, credentials: agent.credentials, verifier: .mesh()),
            reader: copies.store.reader, logger: logger)
    }

    /// What a peer's mirror tells.
    func sink(for peer: ClusterName) -> any MirrorSink { RepublishingSink(peer: peer, republisher: self) }

    // MARK: Running

    /// Serves until the task is cancelled or the service group shuts down gracefully.
    func serve() async throws {
        try await server.run()
    }

    /// Keeps the store: ends what is kept of peers that left, compacts history, writes the heartbeat. Until the task is
    /// cancelled.
    func maintain() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await self.copies.store.run() }
            group.addTask {
                await Heartbeat(in: self.copies.store, every: self.heartbeatInterval, logger: self.logger).run()
            }
            await eraseWhatLeft()
            group.cancelAll()
        }
    }

    private func eraseWhatLeft() async {
        var departures = departures.stream.makeAsyncIterator()
        while !Task.isCancelled {
            let leaving = copies.decisions.compactMap { cluster in cluster.deadline.map { (cluster.name, $0) } }
            guard let next = leaving.map(\.1).min() else {
                guard await departures.next() != nil else { return }
                continue
            }
            // All are given the same time: none that leaves meanwhile is due before this one.
            guard (try? await clock.sleep(next - clock.now())) != nil else { return }
            let now = clock.now()
            for (cluster, deadline) in leaving where deadline <= now {
                guard (try? copies.decide(cluster) { ([], $0.isDue(at: now)) }) == true else { continue }
                while copies.eraseSome(of: cluster), !Task.isCancelled { await Task.yield() }
                logger.info("the copies of a peer that left are gone", metadata: ["peer": "\(cluster)"])
            }
        }
    }

    // MARK: What mirrors tell

    fileprivate func identified(_ peer: ClusterName, _ config: ClusterConfig) {
        // What is left of its former life goes before anything new comes; readers see the config come last.
        while decide(peer, { ($0.identified(config).map { ($0, true) } ?? ([], false)) }) == false {
            while copies.eraseSome(of: peer) {}
        }
    }

    fileprivate func changed(_ peer: ClusterName, _ pairs: [MirroredPair]) {
        decide(peer) { ($0.changed(pairs), ()) }
    }

    fileprivate func synchronized(_ peer: ClusterName, _ kind: RecordKind) {
        let time = UTCTime.rfc3339(time())
        decide(peer) { ($0.synchronized(kind, at: time), ()) }
    }

    fileprivate func servicesExpired(_ peer: ClusterName) {
        for range in decide(peer, { ([], $0.servicesExpired()) }) ?? [] {
            while copies.deleteSome(in: range, of: peer, while: { !$0.servicesExpired().isEmpty }) {}
        }
    }

    fileprivate func withdrawn(_ peer: ClusterName) {
        let (now, grace) = (clock.now(), grace)
        decide(peer) { ($0.withdrawn(at: now, grace: grace), ()) }
        departures.signal.yield()
    }

    /// Decides and writes; makes room if there is none. `nil` if there was none for this cluster.
    @discardableResult
    private func decide<Answer: Sendable>(
        _ peer: ClusterName,
        _ decision: (inout RepublishedCluster) -> (writes: [RepublishedCluster.Write], Answer)
    ) -> Answer? {
        while true {
            do {
                return try copies.decide(peer, decision)
            } catch {
                // Each time one of the clusters goes, so that it comes to an end.
                guard makeRoom(after: error, for: peer) else { return nil }
            }
        }
    }

    /// Makes room for a write of a peer that the store did not take: what is kept of one that left goes first, else who
    /// has most, as a whole. Answers whether the write should be tried again.
    private func makeRoom(after error: any Error, for peer: ClusterName) -> Bool {
        let clusters = copies.decisions
        for case (let leaving, let deadline?) in clusters.map({ ($0.name, $0.deadline) }) {
            _ = try? copies.decide(leaving) { ([], $0.isDue(at: deadline)) }
            while copies.eraseSome(of: leaving) {}
            return true
        }
        let sizes = clusters.filter(\.isShown).map { (name: $0.name, bytes: copies.bytes(of: $0)) }
        let largest = sizes.max { ($0.bytes, $1.name) < ($1.bytes, $0.name) }
        let victim = largest?.name ?? peer
        let why =
            "the copies of all peers have no room in the store that the own agents read (\(error)), and the "
            + "\(largest?.bytes ?? 0) bytes of this one are the most; raise the store's budget, or mirror less"
        let isOut = (try? copies.decide(victim) { ($0.crowdedOut(why), $0.fault != nil) }) == true
        while copies.eraseSome(of: victim) {}
        if isOut {
            logger.error("a peer is not shown to the own agents: \(why)", metadata: ["peer": "\(victim)"])
        }
        return victim != peer
    }
}

/// Tells a republisher what one peer's mirror takes.
private struct RepublishingSink: MirrorSink {
    let peer: ClusterName
    let republisher: Republisher

    func peerIdentified(_ config: ClusterConfig) { republisher.identified(peer, config) }
    func apply(_ changes: [MirroredPair]) { republisher.changed(peer, changes) }
    func synchronized(_ kind: RecordKind) { republisher.synchronized(peer, kind) }
    func servicesExpired() { republisher.servicesExpired(peer) }
    func withdrawn() { republisher.withdrawn(peer) }
}

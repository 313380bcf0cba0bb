internal import MeshCore
internal import MeshRPC
internal import MeshStore

/// The watch streams of a server, and the shards that announce events to them: one for each of the transport's that has
/// ever had a stream, so that what streams of different shards do never meets.
final class WatchHub: Sendable {
    private let reader: StoreReader
    private let limits: WatcherLimits
    private let streams = Locked<[ObjectIdentifier: WatchStreamDriver]>([:])
    private let shards = Locked(Shards())

    private struct Shards: Sendable {
        var known: [(number: Int, shard: WatchShard)] = []
        /// Has each told of commits, through nothing that the shards share.
        var commits: [CommitSubscription] = []
        var areStopped = false
    }

    init(reader: StoreReader, limits: WatcherLimits) {
        self.reader = reader
        self.limits = limits
    }

    /// The shard that announces to the streams on a shard of the transport.
    ///
    /// It is told of commits from now on until ``stop()``, on the thread that commits: cheap, see
    /// ``WatchShard/commit()``.
    func shard(on transport: RPCShard) -> WatchShard {
        shards.withLock { shards in
            if let known = shards.known.first(where: { $0.number == transport.number }) { return known.shard }
            let shard = WatchShard(reader: reader, limits: limits, on: transport)
            shards.known.append((transport.number, shard))
            if shards.areStopped {
                shard.stop()
            } else {
                shards.commits.append(reader.onCommit { shard.commit() })
            }
            return shard
        }
    }

    /// The shards that there are.
    var openShards: [WatchShard] { shards.withLock { $0.known.map(\.shard) } }

    /// The number of open streams.
    var count: Int { streams.withLock { $0.count } }

    /// Tells a stream the time, and of changed rights, until it is removed.
    func add(_ stream: WatchStreamDriver) {
        streams.withLock { $0[ObjectIdentifier(stream)] = stream }
    }

    /// Forgets a stream that has closed.
    func remove(_ stream: WatchStreamDriver) {
        _ = streams.withLock { $0.removeValue(forKey: ObjectIdentifier(stream)) }
    }

    /// Announces nothing any more.
    func stop() {
        let (stopped, commits) = shards.withLock { shards in
            defer { shards.commits = [] }
            shards.areStopped = true
            return (shards.known.map(\.shard), shards.commits)
        }
        for commit in commits { commit.cancel() }
        for shard in stopped { shard.stop() }
    }

    /// Tells every stream the time, once per `period`, until the task is cancelled.
    func runClock(period: Duration) async {
        let clock = ContinuousClock()
        let start = clock.now
        while (try? await clock.sleep(for: period)) != nil {
            let now = start.duration(to: clock.now)
            for stream in open { stream.timePassed(now: now) }
        }
    }

    /// Adds what the open streams have and have sent, and what is not announced to them yet of a store at `revision`.
    func report(to reading: inout WatcherMetrics.Reading, at revision: Revision) {
        for stream in open { stream.report(to: &reading) }
        for shard in openShards {
            let lag = shard.figures.largestLag
            if lag > 0 { reading.isLacked(from: Revision(revision.rawValue - lag + 1)) }
        }
    }

    /// Has every stream's watches judged anew: each client may read what `readable` says.
    func accessChanged(_ readable: (PeerIdentity) -> KeyRangeSet) {
        for stream in open { stream.accessChanged { readable(stream.peer) } }
    }

    /// The streams as they are now; nothing is done with them under the lock.
    private var open: [WatchStreamDriver] { streams.withLock { Array($0.values) } }
}

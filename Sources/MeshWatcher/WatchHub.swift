internal import MeshCore

/// The watch streams of a server, and the one task that wakes them.
///
/// A commit only leaves a signal; commits that come faster than the task runs share one round of waking, and a
/// stream that is still sending takes no notice of a round.
final class WatchHub: Sendable {
    private let streams = Locked<[ObjectIdentifier: WatchStreamDriver]>([:])
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The number of open streams.
    var count: Int { streams.withLock { $0.count } }

    /// Wakes a stream, and tells it the time, until it is removed.
    func add(_ stream: WatchStreamDriver) {
        streams.withLock { $0[ObjectIdentifier(stream)] = stream }
    }

    /// Forgets a stream that has closed.
    func remove(_ stream: WatchStreamDriver) {
        _ = streams.withLock { $0.removeValue(forKey: ObjectIdentifier(stream)) }
    }

    /// The store has a new revision. Cheap: called on the thread that committed.
    func storeChanged() {
        signal.yield()
    }

    /// Wakes streams until the task is cancelled.
    func run() async {
        for await _ in signals {
            for stream in open { stream.wake() }
        }
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

    /// Has every stream's watches judged anew: each client may read what `readable` says.
    func accessChanged(_ readable: (PeerIdentity) -> KeyRangeSet) {
        for stream in open { stream.accessChanged(to: readable(stream.peer)) }
    }

    /// The streams as they are now; nothing is done with them under the lock.
    private var open: [WatchStreamDriver] { streams.withLock { Array($0.values) } }
}

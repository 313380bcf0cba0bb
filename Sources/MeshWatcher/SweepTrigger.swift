internal import MeshRPC

/// Has a shard's sweeps done: by a sending thread of the transport, or by a test.
protocol SweepTrigger: Sendable {
    /// Has a sweep done soon. Any thread; costs next to nothing where one is due already.
    func schedule()

    /// Has a sweep done at a time of the shard's clock, or shortly behind it. The earliest time counts.
    func schedule(at time: Duration)

    /// No sweep begins any more.
    func cancel()
}

/// Sweeps on the thread that sends what they bring about.
struct SendingThreadTrigger: SweepTrigger {
    private let work: RPCShardWork
    private let start: ContinuousClock.Instant

    /// - Parameter start: the beginning of the shard's clock.
    init(on shard: RPCShard, start: ContinuousClock.Instant, _ sweep: @escaping @Sendable () -> Void) {
        work = RPCShardWork(on: shard, sweep)
        self.start = start
    }

    func schedule() { work.schedule() }

    func schedule(at time: Duration) { work.schedule(at: start + time) }

    func cancel() { work.cancel() }
}

internal import MeshCore
internal import Synchronization

/// Something that a shard's sending thread does again and again: whenever somebody says that it is due, or at a time.
///
/// The body runs on the sending thread, in turn with the sending of streams and with other work, so it is bounded and
/// never waits: a body that has more to do schedules itself again, and is done again behind what else waits. It is never
/// done twice at a time, and however often it is scheduled before it begins, it is done once; scheduled while it runs,
/// it is done once more. What a thread wrote before it scheduled the work, the body sees.
///
/// The body is kept until ``cancel()``: a body that holds the owner of the work keeps it alive until then.
public final class RPCShardWork: Sendable {
    /// A closure that stands in a lock by itself is wrapped once more each time the lock is taken, because a generic type
    /// keeps closures in another form; inside a struct it stays as it is.
    private struct Body: Sendable {
        let run: @Sendable () -> Void
    }

    private let shard: RPCShard
    private let isDue = Atomic<Bool>(false)
    private let body: Locked<Body?>

    /// Makes work that is not due.
    public init(on shard: RPCShard, _ body: @escaping @Sendable () -> Void) {
        self.shard = shard
        self.body = Locked(Body(run: body))
    }

    /// Has the work done soon. Any thread; where it is due already, this costs one atomic operation.
    public func schedule() {
        // An exchange in any case, not a look first: it orders what the caller wrote before what the body reads.
        if isDue.exchange(true, ordering: .acquiringAndReleasing) { return }
        shard.sending.append(self)
    }

    /// Has the work done at a point in time, or shortly behind it. Any thread.
    ///
    /// There is one such time, the earliest of those asked for; it stands until it comes, also where the work is done
    /// before for another reason.
    public func schedule(at time: ContinuousClock.Instant) {
        // Under the lock, so that no timer is set behind a cancellation.
        body.withLock { body in
            if body != nil { shard.sending.setTimer(self, at: time) }
        }
    }

    /// Lets go of the body, which will not begin again; on another thread it may be in the middle of its last run.
    public func cancel() {
        let body = self.body.withLock { body in
            shard.sending.cancelTimer(of: self)
            defer { body = nil }
            return body
        }
        // What it holds ends outside the lock.
        _ = consume body
    }
}

extension RPCShardWork: SendingWork {
    func performSending() {
        // Before the body, so that what comes from now on has it done again.
        _ = isDue.exchange(false, ordering: .acquiringAndReleasing)
        body.withLock { $0 }?.run()
    }

    func timerFired() {
        schedule()
    }
}

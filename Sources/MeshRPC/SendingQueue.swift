internal import CGRPC
internal import Glibc
internal import MeshCore

/// Something that a sending thread is asked to look after.
protocol SendingWork: AnyObject, Sendable {
    /// Does what is due: bounded, without waiting. Called on the sending thread.
    func performSending()
}

/// The hand-over from any thread to a sending thread: cheap for the one who hands over, who must not send itself.
///
/// The thread is woken once for all that is handed over until it looks. The queue is bounded by the number of open
/// streams and of ``RPCShardWork``s, because each hands itself over once until it is looked after.
///
/// `@unchecked Sendable` holds because the semaphore is made for use by several threads, and its block lives, and is
/// released, with the queue.
final class SendingQueue: @unchecked Sendable {
    private typealias Machine = SendingQueueStateMachine<any SendingWork, RPCShardWork>

    /// The most places that an array of work keeps while it is empty.
    static let keptCapacity = 4_096

    /// The longest time that is waited for a timer before it is looked at anew.
    private static let longestRest = Duration.seconds(3_600)

    private let machine = Locked(Machine())
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Hands work over, and wakes the sending thread if it rests.
    func append(_ work: any SendingWork) {
        if machine.withLock({ $0.appended(work) }) { sem_post(semaphore) }
    }

    /// Has `work` scheduled at a point in time, or at the one that was set before if that is earlier.
    func setTimer(_ work: RPCShardWork, at due: ContinuousClock.Instant) {
        if machine.withLock({ $0.timerSet(work, of: ObjectIdentifier(work), at: due) }) { sem_post(semaphore) }
    }

    /// Takes back what ``setTimer(_:at:)`` set.
    func cancelTimer(of work: RPCShardWork) {
        machine.withLock { $0.timerCancelled(of: ObjectIdentifier(work)) }
    }

    /// Takes all work, in order, into an empty array; waits while there is none.
    func takeAll(into taken: inout [any SendingWork]) {
        while true {
            switch machine.withLock({ $0.looked(taking: &taken, now: { .now }) }) {
            case .perform: return
            case .fire(let due): for work in due { work.timerFired() }
            // Returns early for a signal; the loop looks again.
            case .rest(until: nil): sem_wait(semaphore)
            case .rest(until: let due?): wait(until: due)
            }
        }
    }

    private func wait(until due: ContinuousClock.Instant) {
        // Swift's clock also counts the time that the machine sleeps, the semaphore's does not: a timer is as much late.
        let rest = min(ContinuousClock.now.duration(to: due), Self.longestRest)
        guard rest > .zero else { return }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let (seconds, attoseconds) = (rest + .nanoseconds(now.tv_nsec)).components
        cgrpc_wait_until(semaphore, Int64(now.tv_sec) + seconds, Int(attoseconds / 1_000_000_000))
    }
}

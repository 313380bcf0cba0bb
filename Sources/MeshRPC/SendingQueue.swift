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
/// streams, because a stream hands itself over once until it is looked after (``ServerStream``).
///
/// `@unchecked Sendable` holds because the semaphore is made for use by several threads, and its block lives, and is
/// released, with the queue.
final class SendingQueue: @unchecked Sendable {
    private struct State {
        var work: [any SendingWork] = []
        var isAwake = false
    }

    private let state = Locked(State())
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
        let mustWake = state.withLock { state in
            state.work.append(work)
            defer { state.isAwake = true }
            return !state.isAwake
        }
        if mustWake { sem_post(semaphore) }
    }

    /// Takes all work, in order; waits while there is none.
    func takeAll() -> [any SendingWork] {
        while true {
            let work = state.withLock { state in
                let work = state.work
                state.work = []
                state.isAwake = !work.isEmpty
                return work
            }
            if !work.isEmpty { return work }
            // Returns early for a signal; the loop looks again.
            sem_wait(semaphore)
        }
    }
}

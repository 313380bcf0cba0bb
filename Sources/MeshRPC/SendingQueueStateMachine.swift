/// What a sending thread has to do now, and what at which time; over what stands for a piece of work, and for one that
/// can have a timer.
///
/// Work is done in the order in which it came. Timers are few (one for each owner at most), so they are kept in a sorted
/// array.
struct SendingQueueStateMachine<Work: Sendable, TimedWork: Sendable>: Sendable {
    private struct Timer: Sendable {
        var due: ContinuousClock.Instant
        var owner: ObjectIdentifier
        var work: TimedWork
    }

    private var waiting: [Work] = []
    /// The next one is the last.
    private var timers: [Timer] = []
    /// Whether the thread will look again without being woken.
    private var isAwake = false

    init() {}

    /// Work came. Returns whether the thread must be woken.
    mutating func appended(_ work: Work) -> Bool {
        waiting.append(work)
        return wakes()
    }

    /// The work of `owner` is to be done at `due`, or at the time it was set to before if that is earlier. Returns
    /// whether the thread must be woken.
    mutating func timerSet(_ work: TimedWork, of owner: ObjectIdentifier, at due: ContinuousClock.Instant) -> Bool {
        if let present = timers.firstIndex(where: { $0.owner == owner }) {
            guard due < timers[present].due else { return false }
            timers.remove(at: present)
        }
        // Behind all that are due no earlier: equal ones fire in the order in which they were set.
        let place = timers.firstIndex { $0.due <= due } ?? timers.endIndex
        timers.insert(Timer(due: due, owner: owner, work: work), at: place)
        return place == timers.endIndex - 1 && wakes()
    }

    /// The timer of `owner` is not wanted any more.
    mutating func timerCancelled(of owner: ObjectIdentifier) {
        timers.removeAll { $0.owner == owner }
    }

    private mutating func wakes() -> Bool {
        defer { isAwake = true }
        return !isAwake
    }

    /// What the thread does next.
    enum Action {
        /// The time of these has come: append them, unless they wait already, and look again.
        case fire([TimedWork])
        /// Do what was taken.
        case perform
        /// Wait until woken, or until the time has come.
        case rest(until: ContinuousClock.Instant?)
    }

    /// The thread looks for work, and takes all that waits in exchange for an empty array.
    ///
    /// - Parameter now: The time; asked for only if there are timers.
    mutating func looked(taking taken: inout [Work], now: () -> ContinuousClock.Instant) -> Action {
        isAwake = true
        if let next = timers.last {
            let now = now()
            if next.due <= now {
                // Even while more and more work comes, what is due has its turn.
                let first = timers.lastIndex { $0.due > now }.map { $0 + 1 } ?? 0
                defer { timers.removeSubrange(first...) }
                return .fire(timers[first...].reversed().map(\.work))
            }
        }
        if waiting.isEmpty {
            isAwake = false
            return .rest(until: timers.last?.due)
        }
        swap(&waiting, &taken)
        return .perform
    }
}

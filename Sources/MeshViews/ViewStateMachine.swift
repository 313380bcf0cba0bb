/// Names one follower of a view.
struct FollowerID: Hashable, Sendable {
    fileprivate var number: UInt64
}

/// What a view has published, and who waits for what: decides, and does nothing.
///
/// `Waiter` is what a follower that waits is woken by.
struct ViewStateMachine<Engine: MergeEngine, Waiter: Sendable>: Sendable {
    /// What was published last.
    private(set) var state: Engine
    private let maximumPendingChanges: Int
    private var followers: [FollowerID: Follower] = [:]
    private var nextNumber: UInt64 = 0
    private var isFinished = false

    private struct Follower {
        /// What the follower has not seen; `nil`: it needs a whole snapshot.
        var pending: [[Engine.Change]]?
        var pendingCount = 0
        /// Whether something was published since its last element.
        var hasNews = true
        var waiter: Waiter?

        mutating func add(_ changes: [Engine.Change], limit: Int) {
            hasNews = true
            guard pending != nil else { return }
            pendingCount += changes.count
            if pendingCount > limit { pending = nil } else if !changes.isEmpty { pending?.append(changes) }
        }

        mutating func take(_ state: Engine) -> ViewUpdate<Engine> {
            let changes = pending.map { Array($0.joined()) }
            pending = []
            pendingCount = 0
            hasNews = false
            return ViewUpdate(state: state, changes: changes)
        }
    }

    /// A waiter to wake, and with what.
    struct Delivery: Sendable {
        var waiter: Waiter
        var update: ViewUpdate<Engine>
    }

    /// What a follower that asks for its next element does.
    enum Answer: Sendable {
        /// Takes this one.
        case deliver(ViewUpdate<Engine>)
        /// Waits; it will be in a ``Delivery``.
        case wait
        /// Ends.
        case end
    }

    init(state: Engine, maximumPendingChanges: Int) {
        self.state = state
        self.maximumPendingChanges = maximumPendingChanges
    }

    mutating func publish(_ state: Engine, _ changes: [Engine.Change]) -> [Delivery] {
        let isNews = !changes.isEmpty || state.clusters != self.state.clusters
        self.state = state
        guard isNews else { return [] }
        let limit = maximumPendingChanges
        var deliveries: [Delivery] = []
        for id in followers.keys {
            followers[id]?.add(changes, limit: limit)
            guard let waiter = stopWaiting(id), let update = followers[id]?.take(state) else { continue }
            deliveries.append(Delivery(waiter: waiter, update: update))
        }
        return deliveries
    }

    var followerCount: Int { followers.count }

    var waitingCount: Int { followers.values.count { $0.waiter != nil } }

    /// How many changes are really held for each follower.
    var pendingCounts: [Int] { followers.values.map { ($0.pending ?? []).reduce(0) { $0 + $1.count } } }

    mutating func follow() -> FollowerID {
        let id = FollowerID(number: nextNumber)
        nextNumber += 1
        followers[id] = Follower()
        return id
    }

    mutating func unfollow(_ id: FollowerID) {
        followers[id] = nil
    }

    mutating func next(_ id: FollowerID, _ waiter: Waiter) -> Answer {
        guard var follower = followers[id] else { return .end }
        defer { followers[id] = follower }
        if follower.hasNews { return .deliver(follower.take(state)) }
        // One iterator asks for one element at a time; a second question means that the first has nobody to hear it.
        guard !isFinished, follower.waiter == nil else { return .end }
        follower.waiter = waiter
        return .wait
    }

    mutating func stopWaiting(_ id: FollowerID) -> Waiter? {
        let waiter = followers[id]?.waiter
        followers[id]?.waiter = nil
        return waiter
    }

    mutating func finish() -> [Waiter] {
        isFinished = true
        return followers.keys.compactMap { stopWaiting($0) }
    }
}

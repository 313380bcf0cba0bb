internal import MeshCore

/// What waits for one subscriber: changes up to a bound, beyond it only the states before and after them.
///
/// A subscriber that keeps up gets every change. One that falls behind by more than the bound gets, when it comes, the
/// difference between the state it has and the present one: it may miss what came and went, never what stayed. So a slow
/// subscriber costs a bounded number of changes and two states, which share all but what differs.
final class ChangeMailbox<State: Sendable, Change: Sendable>: Sendable {
    /// What a subscriber finds.
    enum Delivery: Sendable {
        /// The changes since the last delivery, in order.
        case changes([Change])
        /// Too many changes: the state at the last delivery, and the present one.
        case difference(from: State, to: State)
        /// Nothing will follow.
        case end
    }

    typealias Waiter = CheckedContinuation<Delivery, Never>

    private struct Contents {
        /// The state that the subscriber has.
        var delivered: State
        var latest: State
        var changes: [Change] = []
        var isOverfull = false
        var isFinished = false
        var waiter: Waiter?

        mutating func take() -> Delivery? {
            if isOverfull {
                isOverfull = false
                let difference = Delivery.difference(from: delivered, to: latest)
                delivered = latest
                return difference
            }
            if !changes.isEmpty {
                let delivery = Delivery.changes(changes)
                changes = []
                delivered = latest
                return delivery
            }
            return isFinished ? .end : nil
        }
    }

    private let bound: Int
    private let contents: Locked<Contents>

    /// A mailbox of a subscriber that has `state`.
    init(state: State, bound: Int) {
        self.bound = max(1, bound)
        contents = Locked(Contents(delivered: state, latest: state))
    }

    /// Puts changes in, with the state that they lead to; answers what resumes the subscriber, outside all locks.
    func put(_ changes: [Change], leadingTo state: State) -> (@Sendable () -> Void)? {
        wake { contents in
            contents.latest = state
            guard !contents.isOverfull else { return }
            if contents.changes.count + changes.count > bound {
                contents.changes = []
                contents.isOverfull = true
            } else {
                contents.changes += changes
            }
        }
    }

    /// Nothing more will be put in; answers what resumes the subscriber, outside all locks.
    func finish() -> (@Sendable () -> Void)? {
        wake { $0.isFinished = true }
    }

    /// Whether a subscriber waits.
    var isAwaited: Bool { contents.withLock { $0.waiter != nil } }

    /// Waits for the next delivery. A cancelled task gets the end. One task may wait at a time.
    func next() async -> Delivery {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let delivery: Delivery? = contents.withLock { contents in
                    precondition(contents.waiter == nil, "two tasks wait for changes of one subscription")
                    if let delivery = contents.take() { return delivery }
                    // Cancelled before it waited: the handler found no one to wake.
                    if Task.isCancelled { return .end }
                    contents.waiter = waiter
                    return nil
                }
                if let delivery { waiter.resume(returning: delivery) }
            }
        } onCancel: {
            let waiter: Waiter? = contents.withLock { contents in
                defer { contents.waiter = nil }
                return contents.waiter
            }
            waiter?.resume(returning: .end)
        }
    }

    private func wake(_ change: (inout Contents) -> Void) -> (@Sendable () -> Void)? {
        contents.withLock { contents in
            change(&contents)
            guard let waiter = contents.waiter, let delivery = contents.take() else { return nil }
            contents.waiter = nil
            return { waiter.resume(returning: delivery) }
        }
    }
}

public import MeshCore
public import MeshRecords

/// A merged picture of many clusters that tasks write, read and follow at the same time.
///
/// - ``snapshot()`` never waits for a merge: what is read was published whole, and stays as it is.
/// - ``apply(_:)`` may be called by several tasks (one for each cluster, say); what it publishes, it publishes at once.
/// - ``changes()`` starts with a snapshot and goes on with exactly what happened after it.
public final class View<Engine: MergeEngine>: Sendable {
    /// How many changes wait for a slow follower, if nothing else is said.
    public static var defaultMaximumPendingChanges: Int { 4096 }

    /// How many changes wait for a slow follower before they are dropped and it is told to start over.
    public let maximumPendingChanges: Int

    /// What is being merged. Only writers wait for it.
    private let writer: Locked<Engine>
    /// What was published, and who follows. Locked for as long as a few references take to copy.
    private let published: Locked<ViewStateMachine<Engine, ViewContinuation<Engine>>>

    /// An empty view, as seen from `local`.
    public init(local: ClusterName, maximumPendingChanges: Int = View.defaultMaximumPendingChanges) {
        self.maximumPendingChanges = maximumPendingChanges
        writer = Locked(Engine(local: local))
        published = Locked(
            ViewStateMachine(state: Engine(local: local), maximumPendingChanges: maximumPendingChanges)
        )
    }

    /// The merged picture of now. O(1).
    public func snapshot() -> Engine {
        published.withLock { $0.state }
    }

    /// Merges updates and publishes them together: nobody sees a part of them.
    ///
    /// Other writers wait meanwhile (readers do not), so that a cluster with much to say should say it in batches of a
    /// few hundred.
    public func apply(_ updates: [RecordUpdate]) {
        // The inner lock is taken inside the outer one, so that what is published keeps the order of the merges.
        let deliveries = writer.withLock { engine in
            let changes = engine.apply(updates)
            let state = engine
            return published.withLock { $0.publish(state, changes) }
        }
        for delivery in deliveries { delivery.waiter.resume(returning: delivery.update) }
    }

    /// Follows the view: first a snapshot, then what changes.
    ///
    /// Each iterator follows on its own. One that falls more than ``maximumPendingChanges`` behind costs no more
    /// memory: its changes are dropped, and its next element is a whole snapshot again.
    public func changes() -> ViewChanges<Engine> {
        ViewChanges(view: self)
    }

    /// Ends all sequences of changes, after what waits in them; the view can still be written and read.
    public func finish() {
        let waiters = published.withLock { $0.finish() }
        for waiter in waiters { waiter.resume(returning: nil) }
    }

    /// The number of those who follow, for tests.
    package var followerCount: Int { published.withLock { $0.followerCount } }

    /// The number of followers that wait for something to happen, for tests.
    package var waitingCount: Int { published.withLock { $0.waitingCount } }

    /// How many changes wait for each follower, for tests.
    package var pendingCounts: [Int] { published.withLock { $0.pendingCounts } }

    func follow() -> FollowerID {
        published.withLock { $0.follow() }
    }

    func unfollow(_ follower: FollowerID) {
        published.withLock { $0.unfollow(follower) }
    }

    func next(_ follower: FollowerID) async -> ViewUpdate<Engine>? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = published.withLock { machine in
                    // Asked under the lock, so that a cancellation is seen either here or by `onCancel`.
                    Task.isCancelled ? .end : machine.next(follower, continuation)
                }
                switch answer {
                case .deliver(let update): continuation.resume(returning: update)
                case .end: continuation.resume(returning: nil)
                case .wait: break
                }
            }
        } onCancel: {
            let waiter = published.withLock { $0.stopWaiting(follower) }
            waiter?.resume(returning: nil)
        }
    }
}

/// What a waiting follower is resumed with.
typealias ViewContinuation<Engine: MergeEngine> = CheckedContinuation<ViewUpdate<Engine>?, Never>

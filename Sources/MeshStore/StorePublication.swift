internal import MeshCore

/// What readers see of a store: its last committed state, and who wants to hear of the next one.
///
/// Readers hold this class; it has no method that changes a key. The one that puts a new state in place belongs to
/// ``StorePublisher``, which only the store's writing side holds. The lock is held for as long as it takes to copy or to
/// exchange a few references, never while keys are read or written.
final class StorePublication: Sendable {
    fileprivate struct Front: Sendable {
        var engine: StoreEngine
        var wakes: [(id: CommitSubscription.ID, wake: @Sendable () -> Void)] = []
        var lastID: CommitSubscription.ID = 0
    }

    /// Which store this is.
    let identity: StoreIdentity

    fileprivate let front: Locked<Front>
    private let pages: Locked<PageCache>

    fileprivate init(engine: StoreEngine, identity: StoreIdentity) {
        self.identity = identity
        front = Locked(Front(engine: engine))
        pages = Locked(PageCache(capacity: engine.configuration.maximumPagedSnapshots))
    }

    /// The last committed state.
    var engine: StoreEngine { front.withLock { $0.engine } }

    var revision: Revision { front.withLock { $0.engine.revision } }

    var compactedRevision: Revision { front.withLock { $0.engine.compactedRevision } }

    /// Answers a read from the last committed state, or from a kept snapshot of the older revision it asks for.
    func range(_ request: RangeRequest) throws(EtcdError) -> RangeAnswer {
        let engine = engine
        guard request.limit > 0, !request.countOnly else { return try engine.range(request) }
        if request.revision > .none, request.revision < engine.revision {
            try request.checkShape()
            try engine.checkReadable(request.revision)
            if let old = pages.withLock({ $0.engine(at: request.revision) }) {
                var answer = try old.range(request)
                answer.revision = engine.revision
                return answer
            }
        }
        let answer = try engine.range(request)
        if answer.more, request.revision <= .none || request.revision == engine.revision {
            let dropped = pages.withLock { $0.keep(engine) }
            withExtendedLifetime(dropped) {}
        }
        return answer
    }

    /// Calls `wake` after every commit until the subscription ends.
    func subscribe(_ wake: @escaping @Sendable () -> Void) -> CommitSubscription {
        let id = front.withLock { front in
            front.lastID += 1
            front.wakes.append((front.lastID, wake))
            return front.lastID
        }
        return CommitSubscription(id: id, publication: self)
    }

    func unsubscribe(_ id: CommitSubscription.ID) {
        // The closure is released outside the lock: it may own anything.
        let wakes = front.withLock { front in
            let wakes = front.wakes
            front.wakes.removeAll { $0.id == id }
            return wakes
        }
        withExtendedLifetime(wakes) {}
    }

    var subscriptionCount: Int { front.withLock { $0.wakes.count } }

    /// Lets go of kept snapshots that compaction has made unreadable.
    fileprivate func compacted(to revision: Revision) {
        let dropped = pages.withLock { $0.drop(before: revision) }
        withExtendedLifetime(dropped) {}
    }
}

/// The right to replace a store's state; whoever holds it is the store's writer.
struct StorePublisher: Sendable {
    let publication: StorePublication

    init(engine: StoreEngine, identity: StoreIdentity) {
        publication = StorePublication(engine: engine, identity: identity)
    }

    /// Replaces the state that readers see.
    ///
    /// - Returns: whom to wake, which is the caller's to do when it has left its own lock; nobody if no revision was made.
    func publish(_ engine: StoreEngine) -> [(id: CommitSubscription.ID, wake: @Sendable () -> Void)] {
        // The old state is released outside the lock, because that may free a large tree.
        let (old, wakes) = publication.front.withLock { front in
            let old = front.engine
            front.engine = engine
            return (old, old.revision == engine.revision ? [] : front.wakes)
        }
        if old.compactedRevision < engine.compactedRevision { publication.compacted(to: engine.compactedRevision) }
        return wakes
    }
}

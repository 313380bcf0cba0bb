internal import MeshCore

/// What readers see of a store: its last committed state, and who wants to hear of the next one.
///
/// Readers hold this class; it has no method that changes a key. Those that do belong to ``StorePublisher``, which only
/// the store's writing side holds. The lock is held for as long as it takes to copy or to exchange a few references, or
/// to read or to change one key; never while many keys are read or written.
final class StorePublication: Sendable {
    /// The time that is left of leases is measured by it.
    let clock: StoreClock

    /// Whether the leases of the pairs are the store's own.
    let keepsLeases: Bool

    fileprivate let front: Locked<PublishedState>
    private let pages: Locked<PageCache>

    fileprivate init(engine: StoreEngine, freshness: Freshness, clock: StoreClock) {
        self.clock = clock
        switch freshness {
        case .always: keepsLeases = true
        case .unknown, .confirmed: keepsLeases = false
        }
        front = Locked(PublishedState(engine, freshness))
        pages = Locked(PageCache(capacity: engine.configuration.maximumPagedSnapshots))
    }

    /// The last committed state.
    var engine: StoreEngine {
        let (engine, dropped) = front.withLock { ($0.engine, $0.pin()) }
        withExtendedLifetime(dropped) {}
        return engine
    }

    /// The changes up to the last committed state.
    var changes: StoreChanges {
        let (changes, dropped) = front.withLock { ($0.engine.changes, $0.pinHistory()) }
        withExtendedLifetime(dropped) {}
        return changes
    }

    /// The changes up to the last committed state, and what the index has of one key, read where it stands.
    func changes(of key: Key) -> (changes: StoreChanges, entry: IndexEntry?) {
        let (changes, entry, dropped) = front.withLock { ($0.engine.changes, $0.engine.index[key], $0.pinHistory()) }
        withExtendedLifetime(dropped) {}
        return (changes, entry)
    }

    /// Where the store stands now.
    var head: StoreHead { front.withLock { $0.engine.head } }

    var revision: Revision { front.withLock { $0.engine.revision } }

    var compactedRevision: Revision { front.withLock { $0.engine.compactedRevision } }

    var historyBytes: Int { front.withLock { $0.engine.history.bytes } }

    /// The pair of a key now.
    func pair(of key: Key) -> KeyValue? { front.withLock { $0.engine[key] } }

    /// Answers a read from the last committed state, or from a kept snapshot of the older revision it asks for.
    ///
    /// - Returns: the header of the same moment, too.
    func range(_ request: RangeRequest) throws(EtcdError) -> (header: ResponseHeader, answer: RangeAnswer) {
        if request.range.end == .single {
            // Where the state stands: it takes less than to copy it, and the writer need not spare a copy afterwards.
            return try front.withLock { front throws(EtcdError) in
                (front.engine.head.header, try front.engine.range(request))
            }
        }
        let engine = engine
        return (engine.head.header, try range(request, engine))
    }

    private func range(_ request: RangeRequest, _ engine: StoreEngine) throws(EtcdError) -> RangeAnswer {
        guard request.limit > 0, !request.countOnly else { return try engine.range(request) }
        if request.revision > .none, request.revision < engine.revision {
            try request.checkShape()
            try engine.checkReadable(request.revision)
            if let old = pages.withLock({ $0.engine(at: request.revision) }),
                old.origin.generation == engine.origin.generation
            {
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
            front.subscriptions.append((front.lastID, wake))
            return front.lastID
        }
        return CommitSubscription(id: id, publication: self)
    }

    func unsubscribe(_ id: CommitSubscription.ID) {
        // The closure is released outside the lock: it may own anything.
        let subscriptions = front.withLock { front in
            let subscriptions = front.subscriptions
            front.subscriptions.removeAll { $0.id == id }
            return subscriptions
        }
        withExtendedLifetime(subscriptions) {}
    }

    /// The revision of the last state that a reader was given, as far as it is remembered.
    var pinnedRevision: Revision? { front.withLock { $0.pinned?.revision } }

    /// Where the last history ends that a reader was given alone, as far as it is remembered.
    var pinnedHistoryEnd: Int? { front.withLock { $0.pinnedHistory?.endPosition } }

    var subscriptionCount: Int { front.withLock { $0.subscriptions.count } }

    /// Lets go of kept snapshots that a change from `old` to `new` has made unreadable.
    fileprivate func changed(from old: StoreHead, to new: StoreHead) {
        if old.origin.generation != new.origin.generation {
            let dropped = pages.withLock { $0.begin(generation: new.origin.generation) }
            withExtendedLifetime(dropped) {}
        } else if old.firstWatchable < new.firstWatchable {
            let dropped = pages.withLock { $0.drop(before: new.firstWatchable) }
            withExtendedLifetime(dropped) {}
        }
    }

    // MARK: - Freshness

    /// Whether no read has to wait to be fresh.
    var isAlwaysFresh: Bool {
        switch front.withLock({ $0.freshness }) {
        case .always: true
        case .unknown, .confirmed: false
        }
    }

    /// Returns once a read of this state is fresh.
    func whenFresh() async throws(EtcdError) {
        switch front.withLock({ $0.freshness }) {
        case .always: return
        case .unknown: throw .notFollowing
        case .confirmed(let confirm): try await confirm()
        }
    }

    func setFreshness(_ freshness: Freshness) {
        // The closure is released outside the lock: it may own anything.
        let old = front.withLock { front in
            defer { front.freshness = freshness }
            return front.freshness
        }
        withExtendedLifetime(old) {}
    }

    var isStale: Bool { front.withLock { $0.isStale } }

    func setStale(_ isStale: Bool) { front.withLock { $0.isStale = isStale } }
}

/// The right to change a store's state; whoever holds it is the store's writer, and there may be only one at a time.
struct StorePublisher: Sendable {
    let publication: StorePublication

    /// Whom to wake after a commit, which is the caller's to do when it has left its own lock.
    typealias Wakes = [(id: CommitSubscription.ID, wake: @Sendable () -> Void)]

    init(
        engine: StoreEngine,
        freshness: Freshness = .always,
        clock: StoreClock = StoreClock(ContinuousClock())
    ) {
        publication = StorePublication(engine: engine, freshness: freshness, clock: clock)
    }

    /// Changes the state in a copy, and then puts that in its place: for work that readers must not wait for.
    func commit<Result: Sendable, Failure: Error>(
        _ body: (inout StoreEngine) throws(Failure) -> Result
    ) throws(Failure) -> (Result, Wakes) {
        var engine = publication.front.withLock { $0.engine }
        let result = try body(&engine)
        let (old, wakes, dropped) = publication.front.withLock { front in
            // The old state is released outside the lock, because that may free a large tree.
            let old = front.engine
            front.engine = engine
            return (old, front.wakes(since: old.head), front.unpinIfReplaced(old))
        }
        withExtendedLifetime(dropped) {}
        publication.changed(from: old.head, to: engine.head)
        return (result, wakes)
    }

    /// Changes the state where it stands: for work that is done in a microsecond or so. `body` changes nothing if it
    /// throws.
    func commitInPlace<Result: Sendable, Failure: Error>(
        _ body: (inout StoreEngine) throws(Failure) -> Result
    ) throws(Failure) -> (Result, Wakes) {
        let (result, wakes, heads, dropped) = try publication.front.withLock { front throws(Failure) in
            let old = front.engine.head
            let result = try body(&front.engine)
            return (result, front.wakes(since: old), (old, front.engine.head), front.unpinIfOutdated())
        }
        withExtendedLifetime(dropped) {}
        publication.changed(from: heads.0, to: heads.1)
        return (result, wakes)
    }
}

/// What a publication's lock guards.
///
/// The last state that a reader was given stays referenced here (`pinned`), as long as it shares anything with the
/// present one: so copy-on-write copies whatever any reader has ever seen, and changes in place only what none has. A
/// reader that lets go of its snapshot could as well leave the arrays to the writer alone, and they would be changed
/// rightly in place; but the order of the two is then known only to the reference count, which ThreadSanitizer can't
/// see, and all reads of a store would look like races to it. Who reads only changes is given history alone, and of that
/// the last one is remembered apart (`pinnedHistory`): the index is still changed in place then.
private struct PublishedState: Sendable {
    /// After so many commits or bytes of pairs, a state is pinned anew, which bounds what the old one keeps in memory.
    private static let maximumPinnedCommits: Int64 = 8_192
    private static let maximumPinnedBytes = 16_777_216

    var engine: StoreEngine
    var subscriptions: StorePublisher.Wakes = []
    var lastID: CommitSubscription.ID = 0
    private(set) var pinned: StoreEngine?
    private(set) var pinnedHistory: History?
    var freshness: Freshness
    /// Whether the store may be behind the one that it follows.
    var isStale = false

    init(_ engine: StoreEngine, _ freshness: Freshness) {
        self.engine = engine
        self.freshness = freshness
    }

    /// Remembers that a reader has been given the present state.
    ///
    /// - Returns: what is remembered no longer, to be released outside the lock.
    mutating func pin() -> StoreEngine? {
        if let pinned, pinned.isSameState(as: engine) { return nil }
        let dropped = pinned
        pinned = engine
        return dropped
    }

    /// Remembers that a reader has been given the present history.
    ///
    /// - Returns: what is remembered no longer, to be released outside the lock.
    mutating func pinHistory() -> History? {
        let dropped = pinnedHistory
        pinnedHistory = engine.history
        return dropped
    }

    /// What is remembered no longer, to be released outside the lock.
    typealias Dropped = (engine: StoreEngine?, history: History?)

    mutating func unpinIfOutdated() -> Dropped {
        var dropped: Dropped = (nil, nil)
        if let pinned,
            engine.revision.rawValue - pinned.revision.rawValue > Self.maximumPinnedCommits
                || isOutdated(pinned.history)
        {
            dropped.engine = pin()
        }
        if let pinnedHistory, isOutdated(pinnedHistory) { dropped.history = pinHistory() }
        return dropped
    }

    private func isOutdated(_ history: History) -> Bool {
        engine.history.endPosition - history.endPosition > Self.maximumPinnedCommits
            || engine.history.writtenBytes - history.writtenBytes > Self.maximumPinnedBytes
    }

    /// Forgets what is remembered if it is of a history that was replaced: nothing is shared with it.
    mutating func unpinIfReplaced(_ old: StoreEngine) -> Dropped {
        guard old.origin.generation != engine.origin.generation else { return (nil, nil) }
        let dropped = (pinned, pinnedHistory)
        (pinned, pinnedHistory) = (nil, nil)
        return dropped
    }

    /// Whom to wake if there is a revision after `old`, or another history.
    func wakes(since old: StoreHead) -> StorePublisher.Wakes {
        engine.revision > old.revision || engine.origin.generation != old.origin.generation ? subscriptions : []
    }
}

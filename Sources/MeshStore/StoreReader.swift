public import MeshCore

/// A store's readable side: reads, snapshots and watches. No method of it, and no type it leads to, can change a key.
///
/// It is all that a server gets of a store. Copies are references to the same store.
public struct StoreReader: Sendable {
    let publication: StorePublication

    init(_ publication: StorePublication) {
        self.publication = publication
    }

    /// Which store this is. A replicated store's changes when it is reset to another one's content.
    public var identity: StoreIdentity { publication.head.origin.identity }

    /// The term of the consensus that the store's state comes from; 1 for a local store, which has none.
    public var raftTerm: UInt64 { publication.head.origin.raftTerm }

    /// The header of an answer that is given now: identity, term and revision of one moment.
    public var header: ResponseHeader { publication.head.header }

    /// Where the store stands, with what tells one of its histories from another.
    package var head: StoreHead { publication.head }

    /// Whether the store follows another one that is not connected, so that it may be behind. Never true of a local one.
    public var isStale: Bool { publication.isStale }

    /// Whether ``whenFresh()`` has nothing to wait for, as in every local store.
    package var isAlwaysFresh: Bool { publication.isAlwaysFresh }

    /// Returns once the store is at least as far as the one it follows was at the call: what is read afterwards is as
    /// fresh as a linearizable read demands. A local store returns at once.
    ///
    /// - Throws: Unavailable if the followed store can't confirm it, or not in time: `etcdserver: request timed out`.
    package func whenFresh() async throws(EtcdError) {
        try await publication.whenFresh()
    }

    /// The revision of the last commit.
    public var revision: Revision { publication.revision }

    /// The oldest revision that can still be read; ``Revision/none`` as long as every revision can.
    public var compactedRevision: Revision { publication.compactedRevision }

    /// The store as it is now, for as long as the snapshot is kept. O(1).
    public func snapshot() -> StoreSnapshot { StoreSnapshot(publication.engine) }

    /// Answers a read as etcd does.
    ///
    /// The pages of a list at a pinned revision cost as little as its first page while the revision is among the last
    /// ones that served one (`KVStoreConfiguration.maximumPagedSnapshots`).
    ///
    /// - Throws: `EtcdError`: no key, a future revision, a compacted revision; Unavailable before a replicated store's
    ///   first list.
    public func range(_ request: RangeRequest) throws(EtcdError) -> RangeAnswer {
        try publication.range(request).answer
    }

    /// Answers a read as ``range(_:)`` does, with the header that belongs to it.
    package func answer(
        _ request: RangeRequest
    ) throws(EtcdError) -> (header: ResponseHeader, answer: RangeAnswer) {
        try publication.range(request)
    }

    /// All leases, the one with the least time left first. O(n log n).
    ///
    /// - Throws: `EtcdError` of a replicated store, which knows of its pairs' leases only their numbers.
    public func leases() throws(EtcdError) -> LeaseListAnswer {
        guard publication.keepsLeases else { throw .leasesKeptElsewhere }
        return publication.engine.leaseList(now: publication.clock.now())
    }

    /// What is left of a lease; for one that does not exist the time to live is -1, which is no error.
    ///
    /// - Parameter keys: whether the answer names the keys attached to it.
    /// - Throws: `EtcdError` of a replicated store, which knows of its pairs' leases only their numbers.
    public func timeToLive(of id: LeaseID, keys: Bool = false) throws(EtcdError) -> LeaseTimeToLiveAnswer {
        guard publication.keepsLeases else { throw .leasesKeptElsewhere }
        return publication.engine.timeToLive(of: id, keys: keys, now: publication.clock.now())
    }

    /// A hash of all pairs at a revision: two stores of this kind that have the same pairs have the same hash.
    ///
    /// It is FNV-1a of 64 bits over the pairs in the order of their keys, folded to 32 bits by exclusive or; of each
    /// pair, the length of its encoding (eight bytes, the least significant first), then the encoding. O(bytes), outside
    /// all locks.
    ///
    /// - Parameter revision: the revision to hash; ``Revision/none`` means the present one.
    /// - Throws: `EtcdError`: a future revision, or one that is not after the compacted one.
    public func hash(at revision: Revision = .none) throws(EtcdError) -> StoreHash {
        try publication.engine.hash(at: revision)
    }

    /// The bytes of all pairs that the store holds, present and past, in their encoded form. What else a pair costs
    /// (about 200 bytes with its place in index and history) is not counted.
    public var storedBytes: Int { publication.engine.storedBytes }

    /// Moves a cursor: takes its next events, whole revisions of them, or learns that there are none yet.
    ///
    /// It never waits and does a bounded amount of work, without a lock but for the time of one pointer's copy.
    ///
    /// - Parameters:
    ///   - cursor: moved behind what is returned; unchanged by ``WatchStep/compacted(_:)``.
    ///   - maximumEvents: the most events to return, unless one revision alone has more. At least 1.
    ///   - maximumBytes: the most encoded bytes of pairs, previous pairs included, unless one revision alone has more.
    public func step(_ cursor: inout WatchCursor, maximumEvents: Int, maximumBytes: Int) -> WatchStep {
        switch cursor.range.end {
        case .single:
            let (changes, entry) = publication.changes(of: cursor.range.lower)
            return changes.step(&cursor, of: entry, maximumEvents: maximumEvents, maximumBytes: maximumBytes)
        case .before, .unbounded:
            let changes = publication.changes
            return changes.step(&cursor, of: nil, maximumEvents: maximumEvents, maximumBytes: maximumBytes)
        }
    }

    /// The changes up to the last commit, as far back as history reaches. O(1).
    package var changes: StoreChanges { publication.changes }

    /// Calls `wake` after every commit that made a revision, on the writer's thread, outside all locks of the store.
    ///
    /// `wake` must be cheap and must not wait; it may be called from several threads at once, and it says only that
    /// there may be something new. Whoever steps a cursor after having subscribed misses nothing.
    public func onCommit(_ wake: @escaping @Sendable () -> Void) -> CommitSubscription {
        publication.subscribe(wake)
    }

    /// The bytes of encoded pairs that history keeps: what `KVStoreConfiguration.maximumHistoryBytes` bounds.
    package var historyBytes: Int { publication.historyBytes }

    /// How many subscriptions to commits there are.
    var subscriptionCount: Int { publication.subscriptionCount }

    /// The events of `range` from a revision on, as a sequence.
    ///
    /// - Parameters:
    ///   - range: the keys to watch.
    ///   - revision: the first revision whose events are wanted; ``Revision/none`` means the one after the present.
    ///   - options: what to tell about the keys.
    public func watch(
        _ range: KeyRange,
        from revision: Revision = .none,
        options: WatchOptions = WatchOptions()
    ) -> StoreWatch {
        let head = head
        let start = revision == .none ? head.revision.next : revision
        let cursor = WatchCursor(range, from: start, options: options, in: head.origin)
        return StoreWatch(reader: self, cursor: cursor)
    }
}

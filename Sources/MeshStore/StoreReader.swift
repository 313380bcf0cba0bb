public import MeshCore

/// A store's readable side: reads, snapshots and watches. No method of it, and no type it leads to, can change a key.
///
/// It is all that a server gets of a store. Copies are references to the same store.
public struct StoreReader: Sendable {
    private let publication: StorePublication

    init(_ publication: StorePublication) {
        self.publication = publication
    }

    /// Which store this is.
    public var identity: StoreIdentity { publication.identity }

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
    /// - Throws: `EtcdError`: no key, a future revision, a compacted revision.
    public func range(_ request: RangeRequest) throws(EtcdError) -> RangeAnswer {
        try publication.range(request)
    }

    /// Moves a cursor: takes its next events, whole revisions of them, or learns that there are none yet.
    ///
    /// It never waits and does a bounded amount of work, without a lock but for the time of one pointer's copy.
    ///
    /// - Parameters:
    ///   - cursor: moved behind what is returned; unchanged by ``WatchStep/compacted(_:)``.
    ///   - maximumEvents: the most events to return, unless one revision alone has more. At least 1.
    ///   - maximumBytes: the most encoded bytes of pairs, previous pairs included, unless one revision alone has more.
    public func step(_ cursor: inout WatchCursor, maximumEvents: Int, maximumBytes: Int) -> WatchStep {
        publication.engine.step(&cursor, maximumEvents: maximumEvents, maximumBytes: maximumBytes)
    }

    /// Calls `wake` after every commit that made a revision, on the writer's thread, outside all locks of the store.
    ///
    /// `wake` must be cheap and must not wait; it may be called from several threads at once, and it says only that
    /// there may be something new. Whoever steps a cursor after having subscribed misses nothing.
    public func onCommit(_ wake: @escaping @Sendable () -> Void) -> CommitSubscription {
        publication.subscribe(wake)
    }

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
        let start = revision == .none ? self.revision.next : revision
        return StoreWatch(reader: self, cursor: WatchCursor(range, from: start, options: options))
    }
}

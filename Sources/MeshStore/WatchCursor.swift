public import MeshCore

/// The place of one watch in a store's history, and what the watch wants to hear.
///
/// It is all that a watch costs while it waits: no queue, however far it falls behind. `StoreReader.step` moves it.
public struct WatchCursor: Hashable, Sendable {
    /// The first revision whose events have not been taken yet; ``Revision/none`` before the first step of a watch that
    /// begins with the next revision.
    public var next: Revision

    /// The keys that are watched.
    public let range: KeyRange

    /// What is told about them.
    public let options: WatchOptions

    /// The history that the cursor is in: in another one its place means nothing. `nil` before the first step.
    var generation: UInt64?

    /// Starts at `revision`; ``Revision/none`` means at the revision after the store's at the first step.
    public init(_ range: KeyRange, from revision: Revision = .none, options: WatchOptions = WatchOptions()) {
        self.range = range
        self.options = options
        next = revision
    }

    /// Starts in a history that is known: in another one, the first step ends it.
    package init(_ range: KeyRange, from revision: Revision, options: WatchOptions, in origin: StoreOrigin) {
        self.init(range, from: revision, options: options)
        generation = origin.generation
    }
}

/// What a cursor met when it moved.
public enum WatchStep: Hashable, Sendable {
    /// Events, each revision whole. There may be more.
    case events(WatchBatch)

    /// Nothing for this watch up to and including that revision, but more history behind it: step again.
    case skipped(to: Revision)

    /// Nothing up to and including that revision, which is the store's: wait for the next commit.
    case idle(upTo: Revision)

    /// The place of the cursor is compacted, or in a history that was replaced; this is the first revision that a watch
    /// can begin with now. The watch ends here.
    case compacted(Revision)
}

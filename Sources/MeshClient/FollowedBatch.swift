public import MeshCore

/// Why a range is listed, from the first page on.
public enum ListingCause: String, Hashable, Sendable, CaseIterable {
    /// Nothing of the range is known yet.
    case first
    /// The server no longer has the history from where the reader is.
    case compacted
    /// The address leads to a store with another `cluster_id`.
    case otherStore
    /// The store's revision is below one that was already applied: it was restored or replaced.
    case revisionWentBack
    /// The store's `raft_term` is below one that was already seen: it was restored or replaced.
    case termWentBack
    /// The store has something else at the last applied revision: it was restored and written to since.
    case historyDiffers
    /// The budget had refused something of the range.
    case incomplete
    /// What was read of the range before was not taken by who applies it.
    case notApplied
}

/// What a listing found, key by key, against what was known before it.
public struct ListingSummary: Hashable, Sendable {
    /// Why the range was listed.
    public var cause: ListingCause
    /// The revision that was listed.
    public var revision: Revision
    /// Keys that were not known.
    public var added = 0
    /// Known keys with another pair.
    public var changed = 0
    /// Known keys with the same pair.
    public var unchanged = 0
    /// Known keys that are gone.
    public var removed = 0
    /// Keys or changes that the budget refused.
    public var refused = 0
}

/// Changes of one range, in the order in which they are to be applied.
public struct FollowedBatch: Hashable, Sendable {
    /// The changes. What vanished between two listings appears as a deletion at the listed revision.
    public var events: [WatchEvent]

    /// The revision up to which everything of the range is applied with this batch; `nil` while a listing goes on.
    public var revision: Revision?

    /// What the listing that ends with this batch found; `nil` in any other batch.
    public var listing: ListingSummary?
}

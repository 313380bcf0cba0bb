/// What etcd promises of every watch, by the names that etcd's own robustness tests use.
///
/// Some go further than etcd's documents do: what is promised here is what ClusterMesh's servers keep.
public enum WatchGuarantee: String, Hashable, Sendable, CaseIterable {
    /// Events come in the order of their revisions, and those of one revision in the order in which it made them.
    case ordered = "Ordered"
    /// No event comes twice on a watch.
    case unique = "Unique"
    /// The events of one revision come in one message, or in the parts of one where the watch asked for parts.
    case atomic = "Atomic"
    /// Between the first event and the last one that the watch was told of none is missing, and each says what was
    /// written.
    case reliable = "Reliable"
    /// A watch from a revision that is not compacted begins there: with the first event from it on, and none before.
    case resumable = "Resumable"
    /// Once the server has said that everything up to a revision was sent, nothing up to it follows, and it never takes
    /// that back.
    case bookmarkable = "Bookmarkable"
    /// Who asked for the pair before an event gets it, unless it is compacted; who did not ask does not.
    case previousPair = "PrevKV"
    /// An event says that it created its key exactly when the key did not exist.
    case isCreate = "IsCreate"
    /// A watch is sent events of its keys and of the kinds it asked for, and no others.
    case filter = "Filter"
}

/// A promise that a recorded watch shows broken.
public struct WatchViolation: Hashable, Sendable, CustomStringConvertible {
    /// Which promise.
    public var guarantee: WatchGuarantee
    /// The name of the watch's history (``WatchHistory/name``).
    public var watch: String
    /// What came, and what should have come.
    public var message: String

    public var description: String { "\(guarantee.rawValue) is broken on \(watch): \(message)" }
}

/// A read of one range of keys.
public struct RangeRequest: Hashable, Sendable {
    /// What an answer is sorted by.
    public enum SortTarget: Int32, Hashable, Sendable, CaseIterable {
        case key = 0
        case version = 1
        case createRevision = 2
        case modRevision = 3
        case value = 4
    }

    /// In which order an answer is sorted.
    public enum SortOrder: Int32, Hashable, Sendable, CaseIterable {
        /// As the store likes: by key, or ascending where the target is not the key.
        case none = 0
        case ascending = 1
        case descending = 2
    }

    /// The keys to read.
    public var range: KeyRange

    /// The revision to read at; ``Revision/none`` (or less) means now.
    public var revision: Revision = .none

    /// The most pairs to answer with; 0 means all.
    public var limit: Int64 = 0

    /// The order of the answer.
    public var sortOrder: SortOrder = .none

    /// What the answer is sorted by.
    public var sortTarget: SortTarget = .key

    /// Whether values are left out.
    public var keysOnly = false

    /// Whether only the number of keys is wanted.
    public var countOnly = false

    /// Whether an answer from a member that may lag behind is good enough.
    public var serializable = false

    /// Leaves out pairs modified before this revision; ``Revision/none`` means no bound.
    public var minimumModRevision: Revision = .none

    /// Leaves out pairs modified after this revision; ``Revision/none`` means no bound.
    public var maximumModRevision: Revision = .none

    /// Leaves out pairs created before this revision; ``Revision/none`` means no bound.
    public var minimumCreateRevision: Revision = .none

    /// Leaves out pairs created after this revision; ``Revision/none`` means no bound.
    public var maximumCreateRevision: Revision = .none

    /// A read of all pairs of `range`, now, by key.
    public init(_ range: KeyRange) {
        self.range = range
    }
}

/// The answer to a ``RangeRequest``.
public struct RangeAnswer: Hashable, Sendable {
    /// The pairs that were asked for.
    public var pairs: [KeyValue]

    /// Whether the limit cut the answer.
    public var more: Bool

    /// The number of keys in the range at that revision, whatever limit and filters said.
    public var count: Int64

    /// The store's revision when it answered (not the one that was read at).
    public var revision: Revision

    /// Makes an answer.
    public init(pairs: [KeyValue], more: Bool, count: Int64, revision: Revision) {
        self.pairs = pairs
        self.more = more
        self.count = count
        self.revision = revision
    }
}

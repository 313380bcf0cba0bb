/// One change of one key.
public struct WatchEvent: Hashable, Sendable {
    /// What happened to the key.
    public enum Kind: Hashable, Sendable {
        /// The key was created or written.
        case put
        /// The key was deleted.
        case delete
    }

    /// What happened.
    public var kind: Kind

    /// The pair after the change; for a deletion, only its key and the deletion's revision.
    public var pair: KeyValue

    /// The pair before the change, where the watch asked for it and it is known.
    public var previous: KeyValue?

    /// Makes an event.
    public init(kind: Kind, pair: KeyValue, previous: KeyValue? = nil) {
        self.kind = kind
        self.pair = pair
        self.previous = previous
    }

    /// The revision of the change.
    public var revision: Revision { pair.modRevision }

    /// Whether the change created the key.
    public var isCreate: Bool { kind == .put && pair.isCreate }
}

/// Events of one watch in order of their revisions, each revision whole.
public struct WatchBatch: Hashable, Sendable {
    /// The events; may be empty when the batch only reports progress.
    public var events: [WatchEvent]

    /// The last revision that is complete: every event of the watch up to it has been delivered with this batch.
    public var revision: Revision

    /// Makes a batch.
    public init(events: [WatchEvent], revision: Revision) {
        self.events = events
        self.revision = revision
    }
}

/// What a watch wants to hear.
public struct WatchOptions: Hashable, Sendable {
    /// Whether an event brings the pair before the change.
    public var previousPairs = false

    /// Whether writes are delivered.
    public var includesPuts = true

    /// Whether deletions are delivered.
    public var includesDeletes = true

    /// Everything, without previous pairs.
    public init() {}
}

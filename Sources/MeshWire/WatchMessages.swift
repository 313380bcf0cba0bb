public import MeshCore

/// A request for a watch on a stream.
public struct WatchCreateRequest: Hashable, Sendable {
    /// The keys to watch.
    public var range: KeyRange

    /// The first revision of interest; ``MeshCore/Revision/none`` means from the next one on.
    ///
    /// A negative one is let through: a server refuses it as compacted.
    public var startRevision: Revision

    /// Which events are wanted, and whether with the pair before.
    public var options: WatchOptions

    /// Whether the server tells from time to time how far it is when there are no events.
    public var progressNotify: Bool

    /// The number the client wants the watch to have on its stream; 0 lets the server choose.
    public var watchID: Int64

    /// Whether the events of one revision may come in several messages if they would exceed the server's bound.
    public var fragment: Bool

    /// A watch of `range`.
    public init(
        _ range: KeyRange,
        from startRevision: Revision = .none,
        options: WatchOptions = WatchOptions(),
        progressNotify: Bool = false,
        watchID: Int64 = 0,
        fragment: Bool = false
    ) {
        self.range = range
        self.startRevision = startRevision
        self.options = options
        self.progressNotify = progressNotify
        self.watchID = watchID
        self.fragment = fragment
    }
}

/// What a client says on a watch stream.
public enum WatchClientMessage: Hashable, Sendable {
    /// Starts a watch.
    case create(WatchCreateRequest)
    /// Ends a watch.
    case cancel(watchID: Int64)
    /// Asks how far all watches of the stream are.
    case progress
}

/// All of a watch message but its events.
public struct WatchResponseHead: Hashable, Sendable {
    /// The header; its revision is the last one that is complete in the message.
    public var header: ResponseHeader
    /// The watch that the message belongs to; -1 for an answer that belongs to none.
    public var watchID: Int64
    /// Whether this answers a request for a watch.
    public var created: Bool
    /// Whether the watch has ended, or did not begin.
    public var canceled: Bool
    /// Below which revision history is gone, when the watch ended for that; ``MeshCore/Revision/none`` else.
    public var compactRevision: Revision
    /// Why the watch ended; empty if the client asked.
    public var cancelReason: String
    /// Whether more events of the same revision follow in the next message.
    public var fragment: Bool

    /// Makes a head; without further words, that of a message with events.
    public init(
        header: ResponseHeader,
        watchID: Int64,
        created: Bool = false,
        canceled: Bool = false,
        compactRevision: Revision = .none,
        cancelReason: String = "",
        fragment: Bool = false
    ) {
        self.header = header
        self.watchID = watchID
        self.created = created
        self.canceled = canceled
        self.compactRevision = compactRevision
        self.cancelReason = cancelReason
        self.fragment = fragment
    }
}

/// What a server says on a watch stream.
public struct WatchServerMessage: Hashable, Sendable {
    /// The header; `nil` where the server sent none, which no etcd does.
    public var header: ResponseHeader?
    /// The watch that the message belongs to; -1 for an answer that belongs to none.
    public var watchID: Int64 = 0
    /// Whether this answers a request for a watch.
    public var created = false
    /// Whether the watch has ended, or did not begin.
    public var canceled = false
    /// Below which revision history is gone, when the watch ended for that; ``MeshCore/Revision/none`` else.
    public var compactRevision: Revision = .none
    /// Why the watch ended.
    public var cancelReason = ""
    /// Whether more events of the same revision follow in the next message.
    public var fragment = false
    /// The events, in order of their revisions.
    public var events: [WatchEvent] = []

    /// An empty message.
    public init() {}
}

public import MeshCore

/// One watch of an etcd server as a client saw it: what it asked for, and every message that came, in their order.
///
/// A watch that is made anew after its stream broke, or after compaction, is another history.
public struct WatchHistory: Hashable, Sendable {
    /// One message of the watch's stream, as far as it concerns this watch.
    public enum Message: Hashable, Sendable {
        /// The watch was made; the revision is the header's.
        case created(Revision)
        /// Events, with the revision of the header. `isPart`: the message has `fragment` set, and goes on in the next.
        case events([WatchEvent], header: Revision, isPart: Bool = false)
        /// A message without events for this watch.
        case progress(Revision)
        /// The answer to a request for progress (watch -1): every watch of the stream has got that far. It speaks for
        /// the slowest, and so may be behind what this watch has been told already.
        case streamProgress(Revision)
        /// The watch was ended because history below this revision is gone.
        case compacted(Revision)
    }

    /// What the watch is called in a ``WatchViolation``.
    public var name: String

    /// The watched keys.
    public var range: KeyRange

    /// The first revision asked for; ``MeshCore/Revision/none`` means from the next one on.
    public var start: Revision

    /// Which events were asked for, and whether with the pair before.
    public var options: WatchOptions

    /// Whether the events of one revision may come in several messages.
    public var takesParts: Bool

    /// What came.
    public var messages: [Message] = []

    /// A watch that has not been told anything yet.
    public init(
        _ name: String,
        _ range: KeyRange,
        from start: Revision = .none,
        options: WatchOptions = WatchOptions(),
        takesParts: Bool = false
    ) {
        self.name = name
        self.range = range
        self.start = start
        self.options = options
        self.takesParts = takesParts
    }

    /// The first revision whose events the watch must be sent; `nil` as long as it is not made, if it begins with the
    /// next one.
    public var firstRevision: Revision? {
        if start != .none { return start }
        for case .created(let revision) in messages { return revision.next }
        return nil
    }

    /// All events that came.
    public var events: [WatchEvent] {
        messages.flatMap { message -> [WatchEvent] in
            guard case .events(let events, _, _) = message else { return [] }
            return events
        }
    }

    /// Where a client that has been sent this goes on without a gap: behind the greatest header, that of a part of a
    /// message left aside, or at the revision of the compaction that ended the watch; `nil` if there is nothing to go on
    /// from yet.
    public var resumeRevision: Revision? {
        var next = firstRevision
        for message in messages {
            switch message {
            case .events(_, let header, isPart: false), .progress(let header), .streamProgress(let header):
                next = max(next ?? header.next, header.next)
            case .compacted(let revision):
                next = revision
            case .created, .events(_, _, isPart: true):
                continue
            }
        }
        return next
    }
}

package import MeshCore
internal import MeshRPC
package import MeshWire

/// A message to a client of watches: a small head of its own, and a slice of events that it shares with others.
package struct WatchMessage: Sendable {
    package var head: WatchResponseHead
    package var events: SegmentSlice?

    package init(head: WatchResponseHead, events: SegmentSlice? = nil) {
        self.head = head
        self.events = events
    }

    /// Counts the message as one that goes out.
    func count(in tally: inout WatchTally) {
        if head.canceled, head.compactRevision != .none { tally.endedAsCompacted() }
        if let events { tally.sent(events: events.events.count, bytes: events.bytes.count) }
    }

    /// Writes the message as it is sent. No byte of an event is copied.
    func write(to message: inout RPCMessageWriter) {
        WatchCodec.withEncodedHead(head) { message.append(copying: $0) }
        if let events { message.append(events.segment.block, events.bytes) }
    }
}

/// What a watch, or a group of them, must read next: the events of `subscription` from revision `next` on.
package struct WatchRead: Hashable, Sendable {
    package let subscription: WatchSubscription
    package let next: Revision
    /// The watch that reads for itself; `nil` if the subscription's group reads.
    package let watchID: Int64?
}

/// What a read found.
package enum WatchReadResult: Sendable {
    /// Events, and with them everything up to the slice's last revision.
    case events(SegmentSlice)
    /// Nothing up to this revision; there may be more behind it.
    case nothing(upTo: Revision)
    /// History was compacted up to this revision, and what comes next for the reader is gone.
    case compacted(Revision)
}

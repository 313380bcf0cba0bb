import MeshCore
import MeshWire
import Testing

/// What a store did, revision by revision, with the pairs before each change.
struct StoreJournal: Sendable {
    var events: [WatchEvent] = []

    func expected(_ request: WatchCreateRequest, from first: Revision, through last: Revision) -> [WatchEvent] {
        events.filter { event in
            guard event.revision >= first, event.revision <= last else { return false }
            guard request.range.contains(event.pair.key) else { return false }
            return event.kind == .put ? request.options.includesPuts : request.options.includesDeletes
        }
    }
}

/// Checks what one watch is sent, message by message, against the promises of etcd's watches: Ordered, Unique,
/// Reliable, Atomic, Bookmarkable and PrevKV, each by comparison with the journal of the store.
struct WatchHistoryCheck: Sendable {
    let request: WatchCreateRequest
    /// The first revision that the watch has not been told of.
    private(set) var next: Revision
    private(set) var eventCount = 0
    private var received: [WatchEvent] = []
    private var spans: [(first: Revision, last: Revision)] = []

    init(_ request: WatchCreateRequest, created: WatchServerMessage) {
        self.request = request
        next = request.startRevision == .none ? (created.header?.revision ?? .none).next : request.startRevision
    }

    /// Takes a message with events, or a bookmark.
    mutating func take(_ message: WatchServerMessage) {
        let header = message.header?.revision ?? .none
        for event in message.events {
            #expect(
                event.revision >= next, "an event of \(event.revision) after revision \(next.previous) was complete")
            #expect(event.revision <= header, "a header of \(header) below an event of \(event.revision)")
        }
        #expect(header >= next.previous, "the header went back to \(header)")
        received += message.events
        eventCount += message.events.count
        if header >= next {
            spans.append((next, header))
            next = header.next
        }
    }

    /// The watch is made anew at `revision`, because history before it is gone.
    mutating func restart(at revision: Revision) {
        #expect(revision > next.previous, "compaction to \(revision) cannot be behind \(next.previous)")
        next = revision
    }

    /// Compares all that came with what the store did.
    ///
    /// - Parameter compacted: A previous pair may be missing where it was compacted.
    func finish(_ journal: StoreJournal, compacted: Revision) {
        let expected = spans.flatMap { journal.expected(request, from: $0.first, through: $0.last) }
        #expect(received.map(\.kind) == expected.map(\.kind))
        #expect(received.map(\.pair) == expected.map(\.pair))
        for (event, original) in zip(received, expected) {
            guard request.options.previousPairs else {
                #expect(event.previous == nil)
                continue
            }
            if event.previous == nil, event.revision.previous < compacted { continue }
            #expect(event.previous == original.previous, "the pair before \(event.pair)")
        }
    }
}

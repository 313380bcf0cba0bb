package import MeshCore
package import MeshRPC
internal import MeshWire

/// What a watch wants to hear of, without where it stands: watches with equal subscriptions share encoded events.
package struct WatchSubscription: Hashable, Sendable {
    package let range: KeyRange
    package let options: WatchOptions

    package init(_ range: KeyRange, options: WatchOptions = WatchOptions()) {
        self.range = range
        self.options = options
    }
}

/// The events of one subscription from one revision to another, encoded once into one block.
///
/// It covers every revision in `first...last`, those without events of the subscription included. All that stands
/// beside the bytes is where each event ends and where each revision begins, so that a watch inside of the covered
/// revisions takes a slice, and a message can be cut between two events.
///
/// For example events of 10, 12 and 9 bytes at revisions 4, 4 and 6 of a segment that covers 3…7 are
/// `eventEnds = [10, 22, 31]` and `marks = [(4, 0), (6, 2)]`; a watch that needs revision 5 and later takes the
/// events from index 2 on, bytes 22..<31.
package final class EncodedSegment: Sendable {
    /// A revision that has events, and the index of its first one.
    package struct Mark: Hashable, Sendable {
        package let revision: Revision
        package let firstEvent: Int
    }

    /// The first revision that the segment covers.
    package let first: Revision
    /// The last revision that the segment covers; complete.
    package let last: Revision
    /// The encoded events, one behind the other.
    package let block: SharedBlock
    /// Where each event ends in the block.
    package let eventEnds: [Int]
    /// The revisions that have events, ascending.
    package let marks: [Mark]

    /// The number of encoded bytes.
    package var byteCount: Int { eventEnds.last ?? 0 }
    /// Whether the bounds of a batch ended it, and the store had more.
    package let isCut: Bool

    /// Encodes the events of a batch that begins at revision `first`.
    package init(_ batch: WatchBatch, from first: Revision, isCut: Bool = false) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batch.events.reduce(0) { $0 + WatchCodec.encodedEventSize($1) })
        var eventEnds: [Int] = []
        eventEnds.reserveCapacity(batch.events.count)
        var marks: [Mark] = []
        for event in batch.events {
            let revision = event.revision
            if marks.last?.revision != revision {
                marks.append(Mark(revision: revision, firstEvent: eventEnds.count))
            }
            WatchCodec.appendEvent(event, to: &bytes)
            eventEnds.append(bytes.count)
        }
        self.first = first
        last = batch.revision
        block = SharedBlock(bytes)
        self.eventEnds = eventEnds
        self.marks = marks
        self.isCut = isCut
    }

    /// The events from `revision` on, which must lie in the segment.
    package func slice(from revision: Revision) -> SegmentSlice {
        let mark = firstMark { $0.revision >= revision }
        let start = mark < marks.count ? marks[mark].firstEvent : eventEnds.count
        return SegmentSlice(segment: self, events: start..<eventEnds.count)
    }

    /// Where the event with this index begins in the block; the number of events is the end.
    func offset(ofEvent index: Int) -> Int {
        index == 0 ? 0 : eventEnds[index - 1]
    }

    /// The revision of the event with this index.
    func revision(ofEvent index: Int) -> Revision {
        let behind = firstMark { $0.firstEvent > index }
        return marks[behind - 1].revision
    }

    private func firstMark(where isBehind: (Mark) -> Bool) -> Int {
        var low = 0
        var high = marks.count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(marks[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Neighbouring events of a segment, up to the segment's last revision or to a point before it.
package struct SegmentSlice: Sendable {
    package let segment: EncodedSegment
    /// The indices of the events.
    package let events: Range<Int>

    /// The place of the events in the segment's block.
    package var bytes: Range<Int> {
        segment.offset(ofEvent: events.lowerBound)..<segment.offset(ofEvent: events.upperBound)
    }

    /// The last revision that is complete once the slice has been sent, if everything before it has been.
    package var last: Revision {
        events.upperBound == segment.eventEnds.count
            ? segment.last : segment.revision(ofEvent: events.upperBound).previous
    }

    /// The slice's events from `revision` on.
    package func suffix(from revision: Revision) -> SegmentSlice {
        let start = segment.slice(from: revision).events.lowerBound
        return SegmentSlice(
            segment: segment, events: min(max(start, events.lowerBound), events.upperBound)..<events.upperBound)
    }

    /// Cuts off as many events as fit into `bytes`, at least one, and leaves the rest.
    package mutating func removePrefix(fitting bytes: Int) -> SegmentSlice {
        let limit = segment.offset(ofEvent: events.lowerBound) + bytes
        var end = events.lowerBound + 1
        while end < events.upperBound, segment.eventEnds[end] <= limit { end += 1 }
        let prefix = SegmentSlice(segment: segment, events: events.lowerBound..<end)
        self = SegmentSlice(segment: segment, events: end..<events.upperBound)
        return prefix
    }
}

internal import DequeModule
package import MeshCore
package import MeshStore

/// Recent segments of a server, so that watches that need the same events share one encoding of them.
///
/// A segment serves every watch of its subscription whose next revision lies in it, as long as it reaches to the
/// store's present or was cut by the bounds of a batch: a shorter one would only make many small messages of one. A
/// compaction, or another history, empties the cache, because what may be served changes with it.
package final class SegmentCache: Sendable {
    private struct State {
        var segments: [WatchSubscription: [EncodedSegment]] = [:]
        /// The same segments, oldest first; the oldest make room.
        var order: Deque<(subscription: WatchSubscription, segment: EncodedSegment)> = []
        var bytes = 0
        /// What may be served: a history, and where a watch can begin in it.
        var generation: UInt64 = 0
        var firstWatchable = Revision.none
        var builds = 0
    }

    private let reader: StoreReader
    private let limits: WatcherLimits
    private let state = Locked(State())

    /// A cache over what `reader` reads.
    package init(reader: StoreReader, limits: WatcherLimits) {
        self.reader = reader
        self.limits = limits
    }

    /// How many segments have been encoded so far.
    package var builds: Int { state.withLock { $0.builds } }

    /// How many segments are kept now, and their bytes.
    package var size: (segments: Int, bytes: Int) { state.withLock { ($0.order.count, $0.bytes) } }

    /// What a watch with this subscription is sent next, if `next` is the first revision that it lacks.
    ///
    /// Bounded by the limits of a batch; never waits for anything but another thread that encodes a segment, so that
    /// no two encode the same.
    ///
    /// - Parameter origin: the history that the watch is in; `nil` for the present one. In any other it is compacted.
    package func read(
        _ subscription: WatchSubscription,
        from next: Revision,
        in origin: StoreOrigin? = nil
    ) -> WatchReadResult {
        state.withLock { state in
            // Read before the store is: a segment that reaches `present` is not cut short.
            let head = reader.head
            let present = head.revision
            forgetIfReplaced(head, &state)
            if let origin, origin.generation != head.origin.generation { return .compacted(head.firstWatchable) }
            if let segment = state.segments[subscription]?.last(where: { serves($0, next, present) }) {
                return result(segment.slice(from: next))
            }
            var cursor = WatchCursor(subscription.range, from: next, options: subscription.options, in: head.origin)
            switch reader.step(&cursor, maximumEvents: limits.eventsPerBatch, maximumBytes: limits.bytesPerBatch) {
            case .idle(let revision), .skipped(let revision):
                return .nothing(upTo: revision)
            case .compacted(let revision):
                return .compacted(revision)
            case .events(let batch):
                let segment = EncodedSegment(batch, from: next, isCut: batch.revision < present)
                state.builds += 1
                keep(segment, of: subscription, present: present, &state)
                return .events(segment.slice(from: next))
            }
        }
    }

    /// A slice, unless the segment's last events lie before it.
    private func result(_ slice: SegmentSlice) -> WatchReadResult {
        slice.events.isEmpty ? .nothing(upTo: slice.last) : .events(slice)
    }

    private func serves(_ segment: EncodedSegment, _ next: Revision, _ present: Revision) -> Bool {
        segment.first <= next && next <= segment.last && (segment.last >= present || segment.isCut)
    }

    private func keep(
        _ segment: EncodedSegment,
        of subscription: WatchSubscription,
        present: Revision,
        _ state: inout State
    ) {
        // Those that end before the present without having been cut will serve nobody any more.
        for old in state.segments[subscription] ?? [] where !old.isCut && old.last < present {
            state.order.removeAll { $0.segment === old }
            forget(old, of: subscription, &state)
        }
        state.segments[subscription, default: []].append(segment)
        state.order.append((subscription, segment))
        state.bytes += segment.byteCount
        while state.order.count > limits.sharedSegments
            || (state.bytes > limits.sharedSegmentBytes && state.order.count > 1)
        {
            let oldest = state.order.removeFirst()
            forget(oldest.segment, of: oldest.subscription, &state)
        }
    }

    private func forget(_ segment: EncodedSegment, of subscription: WatchSubscription, _ state: inout State) {
        state.bytes -= segment.byteCount
        state.segments[subscription]?.removeAll { $0 === segment }
        if state.segments[subscription]?.isEmpty == true { state.segments[subscription] = nil }
    }

    private func forgetIfReplaced(_ head: StoreHead, _ state: inout State) {
        guard head.firstWatchable != state.firstWatchable || head.origin.generation != state.generation else { return }
        state.firstWatchable = head.firstWatchable
        state.generation = head.origin.generation
        state.segments.removeAll()
        state.order.removeAll()
        state.bytes = 0
    }
}

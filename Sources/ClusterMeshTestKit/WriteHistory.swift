public import MeshCore

/// What was written to a store, as its writers know it: what a ``WatchHistoryValidator`` holds watches to.
///
/// The versions, revisions of creation and previous pairs of the events are worked out here from the writes alone, so
/// that the judge does not believe the server.
///
/// ```swift
/// let revision = try store.put("fruit/apple", "red")
/// writes.record(at: revision, [.put("fruit/apple", Array("red".utf8))])
/// ```
public struct WriteHistory: Hashable, Sendable {
    /// One step of a write.
    public enum Change: Hashable, Sendable {
        /// A value was written, attached to a lease or to none.
        case put(Key, [UInt8], lease: LeaseID = .none)
        /// The keys of a range were deleted, in their order.
        case delete(KeyRange)
    }

    /// Every event that the writes made, in the order of the revisions and inside of one in the order of its steps. A
    /// created key has no previous pair; any other has the one before the event's revision.
    public private(set) var events: [WatchEvent] = []

    /// The greatest revision to which the store was compacted; ``MeshCore/Revision/none`` if it was not.
    ///
    /// What a watch may miss because of that (previous pairs, a start below it) is forgiven for the whole history.
    public var compactedRevision = Revision.none

    private var live: [Key: KeyValue] = [:]

    /// The history of a store that nothing was written to.
    public init() {}

    /// Adds what one revision did, in the order in which it was done.
    ///
    /// A write that changed nothing has made no revision and is left out; so is one that was refused.
    ///
    /// - Precondition: `revision` is greater than every one recorded before.
    /// - Complexity: linear in the live keys for the deletion of a range, constant for anything else.
    public mutating func record(at revision: Revision, _ changes: [Change]) {
        precondition(
            revision > (events.last?.revision ?? .none),
            "revision \(revision) is recorded after revision \(events.last?.revision ?? .none)"
        )
        var before: [Key: KeyValue] = [:]
        for change in changes {
            switch change {
            case .put(let key, let value, let lease):
                let old = live[key]
                let pair = KeyValue(
                    key: key,
                    createRevision: old?.createRevision ?? revision,
                    modRevision: revision,
                    version: (old?.version ?? 0) + 1,
                    value: value,
                    lease: lease
                )
                append(.put, pair, after: old, &before)
                live[key] = pair
            case .delete(let range):
                for (key, old) in deleted(by: range) {
                    append(.delete, .tombstone(key: key, modRevision: revision), after: old, &before)
                    live[key] = nil
                }
            }
        }
    }

    /// The events from `first` to `last`, both included.
    ///
    /// - Complexity: logarithmic in the events.
    public func events(from first: Revision, through last: Revision) -> ArraySlice<WatchEvent> {
        let start = position { $0 >= first }
        let end = position { $0 > last }
        return start < end ? events[start..<end] : []
    }

    private func deleted(by range: KeyRange) -> [(Key, KeyValue)] {
        guard case .single = range.end else {
            return live.filter { range.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
        return live[range.lower].map { [(range.lower, $0)] } ?? []
    }

    /// `before` holds what the keys of this revision were before it.
    private mutating func append(
        _ kind: WatchEvent.Kind,
        _ pair: KeyValue,
        after old: KeyValue?,
        _ before: inout [Key: KeyValue]
    ) {
        let key = pair.key
        // A pair that this revision wrote is not what was before it.
        if let old, old.modRevision < pair.modRevision { before[key] = old }
        let isCreate = kind == .put && pair.isCreate
        events.append(WatchEvent(kind: kind, pair: pair, previous: isCreate ? nil : before[key]))
    }

    private func position(where isBehind: (Revision) -> Bool) -> Int {
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(events[middle].revision) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

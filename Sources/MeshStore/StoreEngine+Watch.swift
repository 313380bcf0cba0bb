internal import MeshCore

extension StoreEngine {
    /// The changes up to this state.
    var changes: StoreChanges { StoreChanges(head: head, compactedRevision: compactedRevision, history: history) }
}

extension StoreChanges {
    /// How many changes that are nothing to a watch one step passes over before it comes back.
    static let maximumChangesPerStep = 16_384

    /// Moves a cursor forward: takes the events of whole revisions, as many as the bounds allow, at least one revision.
    ///
    /// O(log d + c), with d changes since the cursor's revision and c of them looked at, at most
    /// ``maximumChangesPerStep`` and the rest of a revision. The changes of one key are looked at alone, wherever they
    /// stand: there c counts only them.
    ///
    /// - Parameter entry: of the one key that the cursor is for; not looked at for other ranges.
    func step(
        _ cursor: inout WatchCursor,
        of entry: IndexEntry?,
        maximumEvents: Int,
        maximumBytes: Int
    ) -> WatchStep {
        let revision = head.revision
        let isElsewhere = cursor.generation.map { $0 != head.origin.generation } ?? false
        if isElsewhere || cursor.next < .none || (cursor.next != .none && cursor.next < head.firstWatchable) {
            return .compacted(head.firstWatchable)
        }
        cursor.generation = head.origin.generation
        if cursor.next == .none { cursor.next = revision.next }
        guard cursor.next <= revision else { return .idle(upTo: revision) }

        var batch = BatchBuilder(maximumEvents: maximumEvents, maximumBytes: maximumBytes)
        var looked = 0
        var last = cursor.next.previous
        var isCut = false
        visit(cursor.range, of: entry, from: cursor.next) { change in
            if change.revision > last {
                if batch.isFull || looked >= Self.maximumChangesPerStep {
                    isCut = true
                    return false
                }
                last = change.revision
            }
            looked += 1
            if let event = event(change, for: cursor) {
                guard batch.append(event) else {
                    isCut = true
                    return false
                }
            }
            return true
        }
        let complete = isCut ? batch.lastRevision(before: last) : revision
        cursor.next = complete.next
        if !batch.events.isEmpty { return .events(WatchBatch(events: batch.events, revision: complete)) }
        return isCut ? .skipped(to: complete) : .idle(upTo: complete)
    }

    /// Visits the changes that a watch of `range` may want, from `first` on, until `body` returns false.
    private func visit(
        _ range: KeyRange,
        of entry: IndexEntry?,
        from first: Revision,
        _ body: (borrowing Change) -> Bool
    ) {
        switch range.end {
        case .single:
            if let entry { history.visitChanges(of: entry, from: first, body) }
        case .before, .unbounded:
            history.visit(from: history.position(of: first)) { _, change in body(change) }
        }
    }

    /// What a change is to a watch; `nil` if it is nothing to it.
    private func event(_ change: borrowing Change, for cursor: WatchCursor) -> WatchEvent? {
        switch change.kind {
        case .put: guard cursor.options.includesPuts else { return nil }
        case .delete: guard cursor.options.includesDeletes else { return nil }
        }
        guard change.pair.isKey(in: cursor.range) else { return nil }
        // What was before the compacted revision is not known for certain, even where it is still in memory. A created
        // key has none, also where the same transaction deleted it first.
        let hasPrevious =
            cursor.options.previousPairs && change.revision.previous >= compactedRevision
            && !(change.kind == .put && change.pair.isCreate)
        return WatchEvent(kind: change.kind, pair: change.pair, previous: hasPrevious ? change.previous : nil)
    }
}

/// Gathers events up to a bound, and goes back to the last whole revision when the bound is passed inside one.
private struct BatchBuilder {
    let maximumEvents: Int
    let maximumBytes: Int
    private(set) var events: [WatchEvent] = []
    private var bytes = 0
    /// The events of revisions that are complete, when the present one is not the first.
    private var wholeRevisions = 0
    private var isRolledBack = false

    init(maximumEvents: Int, maximumBytes: Int) {
        self.maximumEvents = max(1, maximumEvents)
        self.maximumBytes = max(1, maximumBytes)
    }

    var isFull: Bool { events.count >= maximumEvents || bytes >= maximumBytes }

    /// Takes an event, unless it passes a bound and there are whole revisions before it; then those are left.
    mutating func append(_ event: WatchEvent) -> Bool {
        if let last = events.last, last.revision < event.revision { wholeRevisions = events.count }
        let size = event.pair.encoded.count + (event.previous?.encoded.count ?? 0)
        if wholeRevisions > 0, events.count + 1 > maximumEvents || bytes + size > maximumBytes {
            events.removeSubrange(wholeRevisions...)
            isRolledBack = true
            return false
        }
        events.append(event)
        bytes += size
        return true
    }

    /// The last complete revision when the walk was cut at `revision`.
    func lastRevision(before revision: Revision) -> Revision {
        isRolledBack ? revision.previous : revision
    }
}

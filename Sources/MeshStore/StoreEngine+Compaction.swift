internal import MeshCore

extension StoreEngine {
    /// How many changes a compaction that keeps the bounds drops at least where it can, so that not every commit
    /// compacts, and no commit pays for many.
    private static let trimBatch = 256

    /// Drops what is older than `revision`: the versions that no read at `revision` or later can see.
    ///
    /// The changes of `revision` itself stay, so that a watch from it is still served. O(changes dropped).
    mutating func compact(to revision: Revision) throws(EtcdError) {
        guard revision > compactedRevision else { throw .compacted }
        guard revision <= self.revision else { throw .futureRevision }
        Self.trim(&history, &index, before: history.position(of: revision))
        compactedRevision = revision
    }

    /// Goes some way of a compaction to `revision`: drops about `maximumChanges`, whole revisions, at least one. A
    /// revision that is compacted already, or not there yet, is no fault.
    ///
    /// - Returns: whether there is more to drop.
    mutating func compact(towards revision: Revision, maximumChanges: Int) -> Bool {
        let target = min(revision, self.revision)
        guard target > compactedRevision else { return false }
        let count = max(0, maximumChanges)
        let reached = count < history.count ? history[history.startPosition + count].revision : self.revision
        // At least to the second revision that history has, so that the first one goes.
        let first = history.count > 0 ? history[history.startPosition].revision.next : target
        let next = min(target, max(reached, first))
        Self.trim(&history, &index, before: history.position(of: next))
        compactedRevision = next
        return next < target
    }

    private static func trim(_ history: inout History, _ index: inout KeyIndex, before position: Int) {
        history.trim(before: position) { dropped, change in
            // A deletion that nobody can see any more leaves the index, unless the key has changed since.
            guard change.kind == .delete, let entry = index[change.pair.key], entry.position == dropped else { return }
            index.remove(change.pair.key)
        }
    }

    /// Compacts the oldest revisions while history is larger than its bounds.
    mutating func trimToBounds() {
        if let maximum = configuration.maximumHistoryRevisions {
            let maximum = Int64(clamping: max(0, maximum))
            if revision.rawValue - max(compactedRevision, .initial).rawValue > maximum {
                let kept = maximum - min(Int64(Self.trimBatch), maximum / 8)
                _ = compact(towards: Revision(revision.rawValue - kept), maximumChanges: .max)
            }
        }
        let maximumCount = max(0, configuration.maximumHistoryChanges)
        let maximumBytes = max(0, configuration.maximumHistoryBytes)
        guard history.count > maximumCount || history.bytes > maximumBytes else { return }

        let batch = min(Self.trimBatch, history.count / 8)
        var count = history.count
        var bytes = history.bytes
        // Where history will start: whole revisions go, and never the last one.
        var start = history.startPosition
        var revision = compactedRevision
        history.visitRuns(from: start) { position, changes in
            for index in changes.indices {
                let changed = changes[index].revision
                let isRequired = count > maximumCount || bytes > maximumBytes || position + index - start < batch
                guard changed < self.revision, isRequired || changed < revision else { return false }
                revision = changed.next
                count -= 1
                bytes -= changes[index].pairBytes
            }
            return true
        }
        guard revision > compactedRevision else { return }
        start += history.count - count
        Self.trim(&history, &index, before: start)
        compactedRevision = revision
    }
}

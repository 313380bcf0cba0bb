package import MeshCore

/// The changes of a store up to one commit, as far back as history reaches: all that watches of ranges read.
///
/// It shares history with the store and nothing of the index, so that a store whose watches look at every commit still
/// changes its index in place. A copy costs O(1) and stays as it is.
package struct StoreChanges: Sendable {
    /// Where the store stood.
    package let head: StoreHead

    /// What was before this revision is not told of any pair.
    let compactedRevision: Revision

    let history: History

    /// Where the next change will stand. Changes are counted over the life of one history (`StoreOrigin.generation`).
    package var endPosition: Int { history.endPosition }

    /// Shows changes in their order, from `position` on, and moves it behind them.
    ///
    /// Which keys changed is all that it takes to find who wants to know; no event is made. O(log n) for the place, and
    /// then O(1) a change.
    ///
    /// - Parameters:
    ///   - position: where to begin; the end of an earlier visit, or the ``endPosition`` of an earlier state.
    ///   - maximum: the most changes to show; a revision may be left in its middle. At least 1.
    /// - Returns: the last revision that is complete with these changes, the store's if all have been shown; `nil` if
    ///   history does not reach back to `position` any more: nothing was shown, and nothing moved.
    package func visit(
        from position: inout Int,
        maximum: Int,
        _ body: (_ key: Span<UInt8>, _ revision: Revision, _ kind: WatchEvent.Kind) -> Void
    ) -> Revision? {
        let end = history.endPosition
        guard position >= history.startPosition, position <= end else { return nil }
        let stop = min(end, position + max(1, maximum))
        if position < stop {
            history.visit(from: position) { place, change in
                guard place < stop else { return false }
                body(change.pair.keyBytes.span, change.revision, change.kind)
                return true
            }
            position = stop
        }
        return position == end ? head.revision : history[position].revision.previous
    }
}

import MeshCore

@testable import MeshStore

extension StoreEngine {
    /// Moves a cursor forward, as a reader of this state would.
    func step(_ cursor: inout WatchCursor, maximumEvents: Int, maximumBytes: Int) -> WatchStep {
        let entry = cursor.range.end == .single ? index[cursor.range.lower] : nil
        return changes.step(&cursor, of: entry, maximumEvents: maximumEvents, maximumBytes: maximumBytes)
    }
}

public import MeshCore
public import MeshRecords

/// A picture of many clusters, merged record by record.
///
/// An engine is a value without I/O, and its copies are snapshots: they share their structure, so that a copy costs
/// O(1) and an update after it O(log n).
///
/// - Important: What an engine shows follows from the latest record of each (cluster, key) alone, never from the order
///   in which clusters or keys arrived.
public protocol MergeEngine: Equatable, Sendable {
    /// What an update changes in the merged picture.
    associatedtype Change: Hashable, Sendable

    /// An empty picture, as seen from `local`.
    init(local: ClusterName)

    /// Which clusters are merged, and how fresh what they say is.
    var clusters: ClusterMarks { get }

    /// Takes an update, and gives `report` what it changes in the merged picture: each entry at most once, with its
    /// value before and after.
    ///
    /// Records of other kinds than the engine's are ignored. Withdrawing a cluster costs O(1) once its records are gone
    /// (a mirror takes them back in parts before), else O(n) of the whole picture.
    mutating func apply(_ update: RecordUpdate, report: (Change) -> Void)
}

extension MergeEngine {
    /// Takes updates and returns what they change.
    public mutating func apply(_ updates: some Sequence<RecordUpdate>) -> [Change] {
        var changes: [Change] = []
        for update in updates { apply(update) { changes.append($0) } }
        return changes
    }
}

public import MeshCore

/// One record of one cluster that appeared, changed or vanished.
public struct RecordChange: Hashable, Sendable {
    /// The cluster whose record it is.
    public var cluster: ClusterName
    /// What names the record within the cluster.
    public var key: RecordKey
    /// The record before; `nil` if there was none.
    public var old: MeshRecord?
    /// The record now; `nil` if it is gone.
    public var new: MeshRecord?

    /// Makes a change. `old` and `new`, where given, are records of `key`.
    public init(cluster: ClusterName, key: RecordKey, old: MeshRecord? = nil, new: MeshRecord? = nil) {
        self.cluster = cluster
        self.key = key
        self.old = old
        self.new = new
    }
}

extension RecordChange: CustomStringConvertible {
    /// For example `kos: service shop/cart changed`.
    public var description: String {
        let what =
            switch (old, new) {
            case (nil, _?): "added"
            case (_?, _?): "changed"
            case (_, nil): "removed"
            }
        return "\(cluster): \(key) \(what)"
    }
}

/// What a source of records (a mirror, the cluster's own store) tells whoever merges records of several clusters.
public enum RecordUpdate: Hashable, Sendable {
    /// A record appeared, changed or vanished.
    case changed(RecordChange)
    /// The cluster's records are complete and followed as they change.
    case current(ClusterName)
    /// The cluster's records are kept, but nobody knows whether they are still true.
    case stale(ClusterName)
    /// The cluster is no longer part of the mesh: all its records, and what was known of it, are gone.
    case withdrawn(ClusterName)

    /// The cluster that the update is about.
    public var cluster: ClusterName {
        switch self {
        case .changed(let change): change.cluster
        case .current(let cluster), .stale(let cluster), .withdrawn(let cluster): cluster
        }
    }
}

public import MeshCore
internal import MeshRecords

/// Which clusters a view merges, how many of its records they have, and how fresh these are.
public struct ClusterMarks: Hashable, Sendable {
    /// How fresh a cluster's records are.
    public enum Freshness: Hashable, Sendable {
        /// Some are there; whether all are, is not known yet.
        case incomplete
        /// All are there and followed as they change.
        case current
        /// They are kept from before; nobody knows whether they are still true.
        case stale
    }

    private struct Mark: Hashable, Sendable {
        var freshness = Freshness.incomplete
        var count = 0

        /// Counts records, and says whether nothing is left to tell the cluster from one of which nobody ever spoke.
        mutating func add(_ records: Int) -> Bool {
            count += records
            return count == 0 && freshness == .incomplete
        }
    }

    private var marks: [ClusterName: Mark] = [:]

    /// No cluster.
    init() {}

    /// The clusters, in the order of their names.
    public var names: [ClusterName] { marks.keys.sorted() }

    /// The clusters whose records are stale, in the order of their names.
    public var stale: [ClusterName] { names.filter { freshness(of: $0) == .stale } }

    /// How fresh a cluster's records are; `nil` if it is not part of the view.
    public func freshness(of cluster: ClusterName) -> Freshness? { marks[cluster]?.freshness }

    /// The number of the cluster's records of the view's kind, whether or not they win against other clusters' ones.
    public func count(of cluster: ClusterName) -> Int { marks[cluster]?.count ?? 0 }

    mutating func mark(_ cluster: ClusterName, _ freshness: Freshness) {
        marks[cluster, default: Mark()].freshness = freshness
    }

    /// Counts a record that was there before or not, and is there now or not.
    mutating func count(_ cluster: ClusterName, before: Bool, now: Bool) {
        guard before != now else { return }
        // Changed in place, as this happens for every record that comes or goes.
        let isLikeNeverSeen = marks[cluster, default: Mark()].add(now ? 1 : -1)
        if isLikeNeverSeen { marks[cluster] = nil }
    }

    mutating func remove(_ cluster: ClusterName) {
        marks[cluster] = nil
    }
}

internal import MeshCore

/// The pod ranges of all nodes of all clusters, and which of them overlap another cluster's.
///
/// A binary tree by the ranges' bits, in which each range stands below those that hold it. Every tree node knows
/// whether one cluster alone has the ranges from it on down: a range that is not so alone overlaps another cluster's.
/// An update costs O(depth), that is O(log n) for ranges that are spread and 129 steps at most, however many overlap.
struct PodRanges: Hashable, Sendable {
    private var v4: PodRangeTree?
    private var v6: PodRangeTree?

    /// The number of different ranges that hold, or are, a range of another cluster's node.
    var conflictCount: Int { Int(v4?.conflictCount ?? 0) + Int(v6?.conflictCount ?? 0) }

    /// One conflict for each of the first `limit` ranges that ``conflictCount`` counts, in the order of the ranges.
    func conflicts(_ limit: Int) -> [PodCIDRConflict] {
        var conflicts: [PodCIDRConflict] = []
        v4?.collectConflicts(&conflicts, limit)
        v6?.collectConflicts(&conflicts, limit)
        return conflicts
    }

    mutating func insert(_ range: IPPrefix, of cluster: ClusterName, _ node: String) {
        change(range.address.family) { .inserting(range, cluster, node, into: $0) }
    }

    mutating func remove(_ range: IPPrefix, of cluster: ClusterName, _ node: String) {
        change(range.address.family) { $0?.removing(range, cluster, node) }
    }

    private mutating func change(_ family: IPAddress.Family, _ body: (PodRangeTree?) -> PodRangeTree?) {
        switch family {
        case .v4: v4 = body(v4)
        case .v6: v6 = body(v6)
        }
    }
}

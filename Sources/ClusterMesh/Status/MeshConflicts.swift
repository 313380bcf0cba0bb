public import MeshViews

/// What several clusters of a mesh claim though only one can have it: their pods' addresses overlap.
public struct MeshConflicts: Hashable, Sendable {
    /// The most of each sort that is told: 16.
    public static let maximumListed = 16

    /// How many prefixes of addresses several clusters speak of.
    public var addressCount = 0
    /// The first of them, in order; at most ``maximumListed``.
    public var addresses: [IPCache.Conflict] = []
    /// How many pod ranges of nodes overlap those of another cluster.
    public var podCIDRCount = 0
    /// The first of them, in order; at most ``maximumListed``.
    public var podCIDRs: [PodCIDRConflict] = []

    /// There are none.
    public init() {}

    /// What the views have found.
    init(_ views: MergedViews) {
        let cache = views.ipCache.snapshot()
        addressCount = cache.conflictCount
        if addressCount > 0 { addresses = Array(cache.conflicts.prefix(Self.maximumListed)) }
        let nodes = views.nodes.snapshot()
        podCIDRCount = nodes.podCIDRConflictCount
        if podCIDRCount > 0 { podCIDRs = Array(nodes.podCIDRConflicts.prefix(Self.maximumListed)) }
    }

    /// Whether there are none.
    public var isEmpty: Bool { addressCount == 0 && podCIDRCount == 0 }
}

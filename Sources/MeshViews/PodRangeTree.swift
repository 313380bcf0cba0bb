internal import MeshCore

/// A place in the tree of ``PodRanges``, and what is below it; copies share it.
///
/// Most places hold one range of one node, or are where two such ranges part; a case for each keeps them small. Which
/// places there are follows from the ranges alone, not from the order in which they came.
indirect enum PodRangeTree: Hashable, Sendable {
    /// One range of one node; nothing lies inside.
    case leaf(IPPrefix, ClusterName, String)
    /// No node's range: its halves hold some. Then how many ranges below are contested, and the cluster that has all of
    /// them (`nil`: several have).
    case fork(IPPrefix, UInt32, ClusterName?, low: PodRangeTree, high: PodRangeTree)
    /// A range of several nodes, or one inside which others lie: in its lower half, in its upper one.
    case wide(IPPrefix, UInt32, ClusterName?, RangeHolders, low: PodRangeTree?, high: PodRangeTree?)

    /// The number of ranges from here on down that hold, or are, a range of another cluster's node.
    var conflictCount: UInt32 {
        switch self {
        case .leaf: 0
        case .fork(_, let count, _, _, _), .wide(_, let count, _, _, _, _): count
        }
    }

    static func inserting(
        _ range: IPPrefix,
        _ cluster: ClusterName,
        _ node: String,
        into tree: PodRangeTree?
    ) -> PodRangeTree? {
        let leaf = PodRangeTree.leaf(range, cluster, node)
        guard let tree else { return leaf }
        let common = tree.range.commonLength(with: range)
        if common == tree.range.length, common == range.length {
            return joined(range, tree.holders.inserting(cluster, node), low: tree.low, high: tree.high)
        }
        if common == tree.range.length {
            return tree.replacingHalf(of: range) { inserting(range, cluster, node, into: $0) }
        }
        if common == range.length {
            let isHigh = tree.range.bit(common)
            return joined(range, .one(cluster, node), low: isHigh ? nil : tree, high: isHigh ? tree : nil)
        }
        let isHigh = range.bit(common)
        return joined(range.cut(to: common), .none, low: isHigh ? tree : leaf, high: isHigh ? leaf : tree)
    }

    func removing(_ range: IPPrefix, _ cluster: ClusterName, _ node: String) -> PodRangeTree? {
        guard self.range.contains(range) else { return self }
        guard self.range != range else {
            return Self.joined(range, holders.removing(cluster, node), low: low, high: high)
        }
        return replacingHalf(of: range) { $0?.removing(range, cluster, node) }
    }

    /// Appends a conflict for each contested range from here on down until there are `limit`, in the ranges' order.
    func collectConflicts(_ conflicts: inout [PodCIDRConflict], _ limit: Int) {
        guard conflictCount > 0, conflicts.count < limit else { return }
        if let first = holders.first(), let inner = firstRange(notOf: first.cluster) {
            let outer = PodCIDRConflict.PodRange(cidr: range, cluster: first.cluster, node: first.node)
            conflicts.append(PodCIDRConflict(outer: outer, inner: inner))
        }
        low?.collectConflicts(&conflicts, limit)
        high?.collectConflicts(&conflicts, limit)
    }

    private func firstRange(notOf cluster: ClusterName) -> PodCIDRConflict.PodRange? {
        guard owner != cluster else { return nil }
        if let holder = holders.first(notOf: cluster) {
            return PodCIDRConflict.PodRange(cidr: range, cluster: holder.cluster, node: holder.node)
        }
        return low?.firstRange(notOf: cluster) ?? high?.firstRange(notOf: cluster)
    }

    private func replacingHalf(of range: IPPrefix, _ change: (PodRangeTree?) -> PodRangeTree?) -> PodRangeTree? {
        range.bit(self.range.length)
            ? Self.joined(self.range, holders, low: low, high: change(high))
            : Self.joined(self.range, holders, low: change(low), high: high)
    }

    /// The place for a range, its nodes, and what lies in its halves; `nil` if that is nothing.
    private static func joined(
        _ range: IPPrefix,
        _ holders: RangeHolders,
        low: PodRangeTree?,
        high: PodRangeTree?
    ) -> PodRangeTree? {
        let inside = (low?.conflictCount ?? 0) + (high?.conflictCount ?? 0)
        switch (holders, low, high) {
        case (.none, nil, nil):
            return nil
        case (.none, let only?, nil), (.none, nil, let only?):
            return only
        case (.none, let low?, let high?):
            return .fork(range, inside, low.owner == high.owner ? low.owner : nil, low: low, high: high)
        case (.one(let cluster, let node), nil, nil):
            return .leaf(range, cluster, node)
        case (.one, _, _), (.several, _, _):
            // An owner that is `nil` stands for several, and differs from the holders' one.
            let owner = holders.owner
            let isAlone =
                owner != nil && (low.map { $0.owner == owner } ?? true) && (high.map { $0.owner == owner } ?? true)
            return .wide(range, inside + (isAlone ? 0 : 1), isAlone ? owner : nil, holders, low: low, high: high)
        }
    }

    private var range: IPPrefix {
        switch self {
        case .leaf(let range, _, _), .fork(let range, _, _, _, _), .wide(let range, _, _, _, _, _): range
        }
    }

    /// The cluster that has all ranges from here on down; `nil` if there are several.
    private var owner: ClusterName? {
        switch self {
        case .leaf(_, let cluster, _): cluster
        case .fork(_, _, let owner, _, _), .wide(_, _, let owner, _, _, _): owner
        }
    }

    private var holders: RangeHolders {
        switch self {
        case .leaf(_, let cluster, let node): .one(cluster, node)
        case .fork: .none
        case .wide(_, _, _, let holders, _, _): holders
        }
    }

    private var low: PodRangeTree? {
        switch self {
        case .leaf: nil
        case .fork(_, _, _, let low, _): low
        case .wide(_, _, _, _, let low, _): low
        }
    }

    private var high: PodRangeTree? {
        switch self {
        case .leaf: nil
        case .fork(_, _, _, _, let high): high
        case .wide(_, _, _, _, _, let high): high
        }
    }
}

extension IPPrefix {
    /// How many leading bits agree with another prefix's of the same family; no more than the shorter one has.
    fileprivate func commonLength(with other: IPPrefix) -> Int {
        let (high, low) = (address.high ^ other.address.high, address.low ^ other.address.low)
        let agreeing: Int
        switch address.family {
        case .v4: agreeing = low.leadingZeroBitCount - 32
        case .v6: agreeing = high == 0 ? 64 + low.leadingZeroBitCount : high.leadingZeroBitCount
        }
        return min(agreeing, length, other.length)
    }

    /// The bit with this number, from 0 for the leading one.
    fileprivate func bit(_ number: Int) -> Bool {
        switch address.family {
        case .v4: address.low >> (31 - number) & 1 == 1
        case .v6: (number < 64 ? address.high >> (63 - number) : address.low >> (127 - number)) & 1 == 1
        }
    }

    /// The range of the first `length` bits.
    fileprivate func cut(to length: Int) -> IPPrefix {
        IPPrefix(address, length: length)?.masked ?? self
    }
}

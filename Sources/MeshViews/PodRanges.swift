internal import MeshCore

/// The pod ranges of all nodes of all clusters, and which of them overlap another cluster's.
///
/// A binary tree by the ranges' bits, in which each range stands below those that hold it. Every tree node knows
/// whether one cluster alone has the ranges from it on down: a range that is not so alone overlaps another cluster's.
/// An update costs O(depth), that is O(log n) for ranges that are spread and 129 steps at most, however many overlap.
struct PodRanges: Hashable, Sendable {
    private var v4: PodRangeNode?
    private var v6: PodRangeNode?

    /// The number of different ranges that hold, or are, a range of another cluster's node.
    var conflictCount: Int { (v4?.conflictCount ?? 0) + (v6?.conflictCount ?? 0) }

    /// One conflict for each of the first `limit` ranges that ``conflictCount`` counts, in the order of the ranges.
    func conflicts(_ limit: Int) -> [PodCIDRConflict] {
        var conflicts: [PodCIDRConflict] = []
        v4?.collectConflicts(&conflicts, limit)
        v6?.collectConflicts(&conflicts, limit)
        return conflicts
    }

    mutating func insert(_ range: IPPrefix, of cluster: ClusterName, _ node: String) {
        change(range.address.family) { PodRangeNode.inserting(range, cluster, node, into: $0) }
    }

    mutating func remove(_ range: IPPrefix, of cluster: ClusterName, _ node: String) {
        change(range.address.family) { $0?.removing(range, cluster, node) }
    }

    private mutating func change(_ family: IPAddress.Family, _ body: (PodRangeNode?) -> PodRangeNode?) {
        switch family {
        case .v4: v4 = body(v4)
        case .v6: v6 = body(v6)
        }
    }
}

/// One range of ``PodRanges``, or a place where two ranges part; immutable, so that copies of the tree share it.
///
/// Which tree nodes there are follows from the ranges alone, not from the order in which they came.
final class PodRangeNode: Hashable, Sendable {
    private let range: IPPrefix
    private let holders: RangeHolders
    /// The ranges inside whose next bit is 0, and those where it is 1.
    private let low: PodRangeNode?
    private let high: PodRangeNode?
    /// The cluster that has all the ranges from here on down; `nil` if there are several.
    private let owner: ClusterName?
    let conflictCount: Int

    private init(_ range: IPPrefix, _ holders: RangeHolders, low: PodRangeNode?, high: PodRangeNode?) {
        self.range = range
        self.holders = holders
        self.low = low
        self.high = high
        var owners: [ClusterName?] = holders.isEmpty ? [] : [holders.owner]
        if let low { owners.append(low.owner) }
        if let high { owners.append(high.owner) }
        let owner = owners.first.flatMap { $0 }
        self.owner = owners.allSatisfy { $0 == owner } ? owner : nil
        let isContested = !holders.isEmpty && self.owner == nil
        conflictCount = (low?.conflictCount ?? 0) + (high?.conflictCount ?? 0) + (isContested ? 1 : 0)
    }

    static func inserting(
        _ range: IPPrefix,
        _ cluster: ClusterName,
        _ name: String,
        into node: PodRangeNode?
    ) -> PodRangeNode {
        guard let node else { return PodRangeNode(range, .one(cluster, name), low: nil, high: nil) }
        let common = node.range.commonLength(with: range)
        if common == node.range.length {
            if common == range.length {
                return PodRangeNode(range, node.holders.inserting(cluster, name), low: node.low, high: node.high)
            }
            return node.replacingChild(
                of: range,
                with: inserting(range, cluster, name, into: node.child(towards: range))
            )
        }
        if common == range.length {
            let above = PodRangeNode(range, .one(cluster, name), low: nil, high: nil)
            return above.replacingChild(of: node.range, with: node)
        }
        let fork = PodRangeNode(node.range.cut(to: common), .none, low: nil, high: nil)
        let side = PodRangeNode(range, .one(cluster, name), low: nil, high: nil)
        return fork.replacingChild(of: node.range, with: node).replacingChild(of: range, with: side)
    }

    func removing(_ range: IPPrefix, _ cluster: ClusterName, _ name: String) -> PodRangeNode? {
        guard self.range.contains(range) else { return self }
        if self.range == range {
            let holders = holders.removing(cluster, name)
            return Self.joined(self.range, holders, low: low, high: high)
        }
        let child = child(towards: range)?.removing(range, cluster, name)
        return range.bit(self.range.length)
            ? Self.joined(self.range, holders, low: low, high: child)
            : Self.joined(self.range, holders, low: child, high: high)
    }

    /// A tree node, unless it would neither be a range nor part two.
    private static func joined(
        _ range: IPPrefix,
        _ holders: RangeHolders,
        low: PodRangeNode?,
        high: PodRangeNode?
    ) -> PodRangeNode? {
        if holders.isEmpty {
            guard let low else { return high }
            guard high != nil else { return low }
        }
        return PodRangeNode(range, holders, low: low, high: high)
    }

    private func child(towards range: IPPrefix) -> PodRangeNode? {
        range.bit(self.range.length) ? high : low
    }

    private func replacingChild(of range: IPPrefix, with child: PodRangeNode) -> PodRangeNode {
        range.bit(self.range.length)
            ? PodRangeNode(self.range, holders, low: low, high: child)
            : PodRangeNode(self.range, holders, low: child, high: high)
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

    static func == (left: PodRangeNode, right: PodRangeNode) -> Bool {
        left === right
            || (left.range == right.range && left.holders == right.holders && left.low == right.low
                && left.high == right.high)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(range)
        hasher.combine(holders)
        hasher.combine(low)
        hasher.combine(high)
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

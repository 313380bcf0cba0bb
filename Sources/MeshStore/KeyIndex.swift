internal import MeshCore

/// The keys of a store in their order, each with its last change: a B-tree whose copies cost O(1).
///
/// It holds live keys, and deleted ones as long as history remembers the deletion, so that a read at an old revision
/// finds them. Every node counts the live keys below it, which makes counting a range O(log n).
///
/// Complexity, with n keys: lookup, update and removal O(log n); counting O(log n); visiting k keys O(log n + k).
struct KeyIndex: Sendable {
    private var root: IndexNode

    init(root: IndexNode = IndexNode()) {
        self.root = root
    }

    /// The number of live keys.
    var liveCount: Int { root.liveCount }

    /// The entry of `key`, live or deleted.
    subscript(key: Key) -> IndexEntry? { root.entry(for: key.bytes.span) }

    /// The pair of `key`, if it exists now.
    func livePair(_ key: Key) -> KeyValue? {
        guard let entry = self[key], entry.isLive else { return nil }
        return entry.pair
    }

    /// The number of live keys in `range`.
    func count(in range: KeyRange) -> Int {
        if range.isEmpty { return 0 }
        if range.end == .single { return self[range.lower]?.isLive == true ? 1 : 0 }
        let end = range.exclusiveEnd.map { root.liveCount(before: $0.bytes.span) } ?? root.liveCount
        return end - root.liveCount(before: range.lower.bytes.span)
    }

    /// Visits the entries of `range` in key order until `body` returns false.
    ///
    /// - Parameter liveOnly: leaves out deleted keys.
    func visit(_ range: KeyRange, liveOnly: Bool = true, reversed: Bool = false, _ body: (IndexEntry) -> Bool) {
        if range.isEmpty { return }
        if range.end == .single {
            if let entry = self[range.lower], !liveOnly || entry.isLive { _ = body(entry) }
            return
        }
        let upper = range.exclusiveEnd
        if reversed {
            _ = root.visitReversed(from: range.lower, before: upper, liveOnly: liveOnly, body)
        } else {
            _ = root.visit(from: range.lower, before: upper, liveOnly: liveOnly, body)
        }
    }

    /// Replaces the entry of `key`, or inserts it, by what `make` makes of the present one.
    mutating func update(_ key: Key, _ make: (IndexEntry?) -> IndexEntry) {
        guard let split = root.update(key.bytes.span, make) else { return }
        var newRoot = IndexNode()
        newRoot.liveCount = root.liveCount + split.right.liveCount + (split.median.isLive ? 1 : 0)
        newRoot.entries = [split.median]
        newRoot.children = [root, split.right]
        root = newRoot
    }

    /// Removes the entry of `key`, if there is one.
    mutating func remove(_ key: Key) {
        guard root.remove(key.bytes.span) != nil else { return }
        if root.entries.isEmpty, let only = root.children.first { root = only }
    }
}

// MARK: - Invariants

extension KeyIndex {
    /// What is wrong with the tree, in words; `nil` if nothing is. Tests call it after every change they make.
    func brokenInvariant() -> String? {
        // The shape first: a tree of a wrong shape can't be walked.
        var leafDepth: Int?
        if let broken = root.brokenInvariant(depth: 0, leafDepth: &leafDepth) { return broken }
        var last: Key?
        var isInOrder = true
        _ = root.visit(from: nil, before: nil, liveOnly: false) { entry in
            if let last, !(last < entry.pair.key) { isInOrder = false }
            last = entry.pair.key
            return isInOrder
        }
        return isInOrder ? nil : "keys are out of order at \(last.map(\.description) ?? "")"
    }
}

extension IndexNode {
    fileprivate func brokenInvariant(depth: Int, leafDepth: inout Int?) -> String? {
        if entries.count > Self.maximumEntries { return "a node has \(entries.count) entries" }
        if depth > 0, entries.count < Self.minimumEntries { return "a node has only \(entries.count) entries" }
        var live = entries.count(where: \.isLive)
        if isLeaf {
            if let leafDepth, leafDepth != depth { return "leaves at depths \(leafDepth) and \(depth)" }
            leafDepth = depth
        } else {
            if children.count != entries.count + 1 { return "\(children.count) children of \(entries.count) entries" }
            for child in children {
                if let broken = child.brokenInvariant(depth: depth + 1, leafDepth: &leafDepth) { return broken }
                live += child.liveCount
            }
        }
        return live == liveCount ? nil : "a node counts \(liveCount) live keys where there are \(live)"
    }
}

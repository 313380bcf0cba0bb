internal import MeshCore

/// One key in the index.
struct IndexEntry: Sendable {
    /// The pair of the key's last change: the live pair, or the tombstone of a deleted key that history remembers.
    var pair: KeyValue

    /// Where that change stands in the history; before its start once compaction has dropped it.
    var position: Int

    /// Whether the key exists now.
    var isLive: Bool

    fileprivate var liveWeight: Int { isLive ? 1 : 0 }
}

/// A node of the index, which is a B-tree: `n` entries in key order, and in a branch `n + 1` children between them.
///
/// Nodes are structs of arrays. Copying a tree copies the references to the root's two arrays; changing a key in a copy
/// copies the arrays on the path to it and shares all others. That is the whole of copy-on-write here.
struct IndexNode: Sendable {
    /// The most entries a node holds between two updates. All nodes but the root hold at least ``minimumEntries``.
    static let maximumEntries = 31
    static let minimumEntries = maximumEntries / 2

    var entries: [IndexEntry] = []
    var children: [IndexNode] = []

    /// The number of live keys in this node and below.
    var liveCount = 0

    var isLeaf: Bool { children.isEmpty }

    /// Where `key` is, or where it would be inserted.
    func place(of key: Span<UInt8>) -> (index: Int, found: Bool) {
        // Through a span, entries are borrowed where they stand; through the array's subscript they would be retained.
        let entries = entries.span
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) >> 1
            let order = entries[middle].pair.compareKey(to: key)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    func entry(for key: Span<UInt8>) -> IndexEntry? {
        let (index, found) = place(of: key)
        if found { return entries[index] }
        return isLeaf ? nil : children.span[index].entry(for: key)
    }

    /// The number of live keys that come before `key`.
    func liveCount(before key: Span<UInt8>) -> Int {
        let (index, _) = place(of: key)
        var count = 0
        let entries = entries.span
        for position in 0..<index { count += entries[position].liveWeight }
        if isLeaf { return count }
        let children = children.span
        for position in 0..<index { count += children[position].liveCount }
        return count + children[index].liveCount(before: key)
    }

    private func recounted() -> Int {
        entries.reduce(0) { $0 + $1.liveWeight } + children.reduce(0) { $0 + $1.liveCount }
    }
}

// MARK: - Visiting

extension IndexNode {
    /// Visits entries in key order from `lower` up to, not including, `upper` (`nil`: no bound), until `body` returns
    /// false.
    ///
    /// - Parameter liveOnly: leaves out tombstones, and subtrees of nothing else without looking into them.
    /// - Returns: whether `body` never returned false.
    func visit(
        from lower: Key?,
        before upper: Key?,
        liveOnly: Bool,
        _ body: (IndexEntry) -> Bool
    ) -> Bool {
        if liveOnly, liveCount == 0 { return true }
        let first = lower.map { place(of: $0.bytes.span).index } ?? 0
        let last = upper.map { place(of: $0.bytes.span).index } ?? entries.count
        for index in first...max(first, last) {
            if !isLeaf {
                guard
                    children.span[index].visit(
                        from: index == first ? lower : nil,
                        before: index == last ? upper : nil,
                        liveOnly: liveOnly,
                        body
                    )
                else { return false }
            }
            if index < last, !liveOnly || entries[index].isLive {
                guard body(entries[index]) else { return false }
            }
        }
        return true
    }

    /// ``visit(from:before:liveOnly:_:)`` in reverse order.
    func visitReversed(
        from lower: Key?,
        before upper: Key?,
        liveOnly: Bool,
        _ body: (IndexEntry) -> Bool
    ) -> Bool {
        if liveOnly, liveCount == 0 { return true }
        let first = lower.map { place(of: $0.bytes.span).index } ?? 0
        let last = upper.map { place(of: $0.bytes.span).index } ?? entries.count
        for index in (first...max(first, last)).reversed() {
            if index < last, !liveOnly || entries[index].isLive {
                guard body(entries[index]) else { return false }
            }
            if !isLeaf {
                guard
                    children.span[index].visitReversed(
                        from: index == first ? lower : nil,
                        before: index == last ? upper : nil,
                        liveOnly: liveOnly,
                        body
                    )
                else { return false }
            }
        }
        return true
    }
}

// MARK: - Updating

extension IndexNode {
    /// The upper half of a node that grew too large, and the entry that goes between the halves.
    typealias Split = (median: IndexEntry, right: IndexNode)

    /// Replaces the entry of `key`, or inserts it, by what `make` makes of the present one.
    ///
    /// - Returns: the upper half if the node had to be split; the caller takes it in.
    mutating func update(_ key: Span<UInt8>, _ make: (IndexEntry?) -> IndexEntry) -> Split? {
        let (index, found) = place(of: key)
        if found {
            let old = entries[index]
            let new = make(old)
            liveCount += new.liveWeight - old.liveWeight
            entries[index] = new
            return nil
        }
        if isLeaf {
            let new = make(nil)
            liveCount += new.liveWeight
            entries.insert(new, at: index)
        } else {
            let before = children[index].liveCount
            let split = children[index].update(key, make)
            liveCount += children[index].liveCount - before
            if let split {
                liveCount += split.median.liveWeight + split.right.liveCount
                entries.insert(split.median, at: index)
                children.insert(split.right, at: index + 1)
            }
        }
        return entries.count > Self.maximumEntries ? self.split() : nil
    }

    private mutating func split() -> Split {
        let middle = entries.count / 2
        var right = IndexNode()
        right.entries = Array(entries[(middle + 1)...])
        let median = entries[middle]
        entries.removeSubrange(middle...)
        if !isLeaf {
            right.children = Array(children[(middle + 1)...])
            children.removeSubrange((middle + 1)...)
        }
        right.liveCount = right.recounted()
        liveCount -= right.liveCount + median.liveWeight
        return (median, right)
    }
}

// MARK: - Removing

extension IndexNode {
    /// Removes the entry of `key`. The node may be left with too few entries: its parent repairs that.
    mutating func remove(_ key: Span<UInt8>) -> IndexEntry? {
        let (index, found) = place(of: key)
        let removed: IndexEntry?
        if found, isLeaf {
            removed = entries.remove(at: index)
        } else if found {
            // The greatest entry below takes the place of the removed one.
            removed = entries[index]
            entries[index] = children[index].removeLast()
            repairChild(index)
        } else if isLeaf {
            return nil
        } else {
            removed = children[index].remove(key)
            if removed == nil { return nil }
            repairChild(index)
        }
        liveCount -= removed?.liveWeight ?? 0
        return removed
    }

    private mutating func removeLast() -> IndexEntry {
        let removed: IndexEntry
        if isLeaf {
            removed = entries.removeLast()
        } else {
            removed = children[children.count - 1].removeLast()
            repairChild(children.count - 1)
        }
        liveCount -= removed.liveWeight
        return removed
    }

    /// Gives a child that lost an entry one of a sibling's, or merges it with a sibling.
    private mutating func repairChild(_ index: Int) {
        guard children[index].entries.count < Self.minimumEntries else { return }
        if index > 0, children[index - 1].entries.count > Self.minimumEntries {
            moveFromLeft(to: index)
        } else if index < entries.count, children[index + 1].entries.count > Self.minimumEntries {
            moveFromRight(to: index)
        } else {
            mergeChildren(at: index > 0 ? index - 1 : index)
        }
    }

    private mutating func moveFromLeft(to index: Int) {
        let up = children[index - 1].entries.removeLast()
        let child = children[index - 1].isLeaf ? nil : children[index - 1].children.removeLast()
        let moved = child?.liveCount ?? 0
        children[index - 1].liveCount -= up.liveWeight + moved
        let down = entries[index - 1]
        entries[index - 1] = up
        children[index].entries.insert(down, at: 0)
        if let child { children[index].children.insert(child, at: 0) }
        children[index].liveCount += down.liveWeight + moved
    }

    private mutating func moveFromRight(to index: Int) {
        let up = children[index + 1].entries.removeFirst()
        let child = children[index + 1].isLeaf ? nil : children[index + 1].children.removeFirst()
        let moved = child?.liveCount ?? 0
        children[index + 1].liveCount -= up.liveWeight + moved
        let down = entries[index]
        entries[index] = up
        children[index].entries.append(down)
        if let child { children[index].children.append(child) }
        children[index].liveCount += down.liveWeight + moved
    }

    private mutating func mergeChildren(at index: Int) {
        let right = children.remove(at: index + 1)
        let down = entries.remove(at: index)
        children[index].entries.append(down)
        children[index].entries.append(contentsOf: right.entries)
        children[index].children.append(contentsOf: right.children)
        children[index].liveCount += down.liveWeight + right.liveCount
    }
}

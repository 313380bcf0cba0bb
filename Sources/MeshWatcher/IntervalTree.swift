internal import MeshCore

/// Intervals of keys, and which of them hold a key.
///
/// A binary search tree in the order of the intervals' first keys, balanced as Adelson-Velsky and Landis do it: the two
/// sides of a node differ in height by one at most. Every node also knows which interval of its subtree ends last, so
/// that a subtree that ends before a key is not looked into.
///
/// For example of `[a, f)`, `[b, d)` and `[h, k)` the root is `[b, d)`, its last end `k`: for the key `e` the left side
/// is entered (it ends at `f`), the root is not it, and the right side is not entered (it begins behind `e`).
struct IntervalTree: Sendable {
    private typealias Place = Int32
    private static let nowhere: Place = -1

    private struct Node: Sendable {
        var lower: Key
        /// The key before which the interval ends; `nil` if it has no end.
        var end: Key?
        var id: Int
        var left = nowhere
        var right = nowhere
        var height: Int32 = 1
        /// The node of the subtree whose interval ends last.
        var last = nowhere

        func isBefore(_ key: Key, _ id: Int) -> Bool { lower < key || (lower == key && self.id < id) }

        func ends(after key: Span<UInt8>) -> Bool {
            guard let end else { return true }
            return Bytes.isLess(key, end.bytes.span)
        }
    }

    private var nodes: [Node] = []
    private var free: [Place] = []
    private var root = nowhere

    /// The number of intervals.
    var count: Int { nodes.count - free.count }

    /// How many nodes lie on the longest way down.
    var height: Int { Int(height(root)) }

    /// Adds an interval; `id` must not be in the tree with the same one.
    mutating func insert(_ range: KeyRange, id: Int) {
        let node = Node(lower: range.lower, end: range.exclusiveEnd, id: id)
        let place: Place
        if let reused = free.popLast() {
            place = reused
            nodes[Int(place)] = node
        } else {
            place = Place(nodes.count)
            nodes.append(node)
        }
        nodes[Int(place)].last = place
        root = insert(place, below: root)
    }

    /// Removes an interval.
    ///
    /// - Returns: whether it was there.
    mutating func remove(_ range: KeyRange, id: Int) -> Bool {
        var removed = Self.nowhere
        root = remove(range.lower, id, below: root, &removed)
        guard removed != Self.nowhere else { return false }
        // Its keys are not kept.
        nodes[Int(removed)] = Node(lower: Key([]), end: nil, id: 0)
        free.append(removed)
        return true
    }

    /// Appends the intervals that hold the key.
    func match(_ key: Span<UInt8>, into found: inout [Int]) {
        match(key, below: root, into: &found)
    }

    /// Appends the intervals that begin and end as this one.
    func find(_ range: KeyRange, into found: inout [Int]) {
        find(range.lower, range.exclusiveEnd, below: root, into: &found)
    }

    private func match(_ key: Span<UInt8>, below place: Place, into found: inout [Int]) {
        guard place != Self.nowhere else { return }
        let nodes = nodes.span
        guard nodes[Int(nodes[Int(place)].last)].ends(after: key) else { return }
        match(key, below: nodes[Int(place)].left, into: &found)
        // What stands to the right begins no earlier than the node.
        guard !Bytes.isLess(key, nodes[Int(place)].lower.bytes.span) else { return }
        if nodes[Int(place)].ends(after: key) { found.append(nodes[Int(place)].id) }
        match(key, below: nodes[Int(place)].right, into: &found)
    }

    private func find(_ lower: Key, _ end: Key?, below place: Place, into found: inout [Int]) {
        guard place != Self.nowhere else { return }
        let node = nodes[Int(place)]
        if lower <= node.lower { find(lower, end, below: node.left, into: &found) }
        if lower == node.lower, end == node.end { found.append(node.id) }
        if node.lower <= lower { find(lower, end, below: node.right, into: &found) }
    }
}

// MARK: - Balance

extension IntervalTree {
    private func height(_ place: Place) -> Int32 { place == Self.nowhere ? 0 : nodes[Int(place)].height }

    private mutating func insert(_ new: Place, below place: Place) -> Place {
        guard place != Self.nowhere else { return new }
        let node = nodes[Int(place)]
        if node.isBefore(nodes[Int(new)].lower, nodes[Int(new)].id) {
            let right = insert(new, below: node.right)
            nodes[Int(place)].right = right
        } else {
            let left = insert(new, below: node.left)
            nodes[Int(place)].left = left
        }
        return balanced(place)
    }

    private mutating func remove(_ key: Key, _ id: Int, below place: Place, _ removed: inout Place) -> Place {
        guard place != Self.nowhere else { return place }
        let node = nodes[Int(place)]
        if node.lower == key, node.id == id {
            removed = place
            if node.left == Self.nowhere { return node.right }
            if node.right == Self.nowhere { return node.left }
            // The next one in order takes the place.
            let (next, rest) = removeFirst(below: node.right)
            nodes[Int(next)].left = node.left
            nodes[Int(next)].right = rest
            return balanced(next)
        }
        if node.isBefore(key, id) {
            let right = remove(key, id, below: node.right, &removed)
            nodes[Int(place)].right = right
        } else {
            let left = remove(key, id, below: node.left, &removed)
            nodes[Int(place)].left = left
        }
        return balanced(place)
    }

    private mutating func removeFirst(below place: Place) -> (first: Place, rest: Place) {
        let node = nodes[Int(place)]
        if node.left == Self.nowhere { return (place, node.right) }
        let (first, rest) = removeFirst(below: node.left)
        nodes[Int(place)].left = rest
        return (first, balanced(place))
    }

    /// Notes what follows from a node's two sides, and turns it where one has become higher by two.
    ///
    /// - Returns: the node that stands there now.
    private mutating func balanced(_ place: Place) -> Place {
        let node = nodes[Int(place)]
        let tilt = height(node.left) - height(node.right)
        if tilt > 1 {
            let left = nodes[Int(node.left)]
            if height(left.left) < height(left.right) { nodes[Int(place)].left = turnedLeft(node.left) }
            return turnedRight(place)
        }
        if tilt < -1 {
            let right = nodes[Int(node.right)]
            if height(right.right) < height(right.left) { nodes[Int(place)].right = turnedRight(node.right) }
            return turnedLeft(place)
        }
        update(place)
        return place
    }

    private mutating func turnedLeft(_ place: Place) -> Place {
        let top = nodes[Int(place)].right
        nodes[Int(place)].right = nodes[Int(top)].left
        nodes[Int(top)].left = place
        update(place)
        update(top)
        return top
    }

    private mutating func turnedRight(_ place: Place) -> Place {
        let top = nodes[Int(place)].left
        nodes[Int(place)].left = nodes[Int(top)].right
        nodes[Int(top)].right = place
        update(place)
        update(top)
        return top
    }

    private mutating func update(_ place: Place) {
        let (left, right) = (nodes[Int(place)].left, nodes[Int(place)].right)
        nodes[Int(place)].height = max(height(left), height(right)) + 1
        nodes[Int(place)].last = lastOfEnds(place, left, right)
    }

    private func lastOfEnds(_ place: Place, _ left: Place, _ right: Place) -> Place {
        var last = place
        for side in [left, right] where side != Self.nowhere {
            let other = nodes[Int(side)].last
            guard let end = nodes[Int(last)].end else { break }
            if nodes[Int(other)].ends(after: end.bytes.span) { last = other }
        }
        return last
    }

    /// What is wrong with the tree, in words; `nil` if nothing is. For tests.
    func brokenInvariant() -> String? {
        var visited: [Place] = []
        if let broken = brokenInvariant(below: root, &visited) { return broken }
        if visited.count != count { return "\(visited.count) nodes hang in a tree of \(count)" }
        for (place, next) in zip(visited, visited.dropFirst()) {
            let following = nodes[Int(next)]
            if !nodes[Int(place)].isBefore(following.lower, following.id) { return "\(following.id) is out of order" }
        }
        return nil
    }

    private func brokenInvariant(below place: Place, _ visited: inout [Place]) -> String? {
        guard place != Self.nowhere else { return nil }
        let node = nodes[Int(place)]
        if let broken = brokenInvariant(below: node.left, &visited) { return broken }
        visited.append(place)
        if let broken = brokenInvariant(below: node.right, &visited) { return broken }
        if abs(height(node.left) - height(node.right)) > 1 { return "\(node.id) is out of balance" }
        if node.height != max(height(node.left), height(node.right)) + 1 { return "\(node.id) has a wrong height" }
        let last = nodes[Int(lastOfEnds(place, node.left, node.right))]
        if last.end != nodes[Int(node.last)].end { return "\(node.id) has a wrong last end" }
        return nil
    }
}

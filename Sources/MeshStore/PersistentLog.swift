/// A sequence that grows at its end, is trimmed at its start, and whose copies cost O(1).
///
/// Positions are absolute: an element keeps its position for life, and trimming moves ``startIndex``. Elements stand in
/// a tree of nodes 32 wide; as in the index, nodes are structs of arrays, and a change copies only the arrays that
/// another copy of the log still refers to.
///
/// Complexity, with n elements: reading and appending O(log n) with base 32, trimming O(log n) plus what it releases,
/// walking O(1) an element. Up to 31 trimmed elements stay in memory until their leaf is released as a whole.
struct PersistentLog<Element: Sendable>: Sendable {
    private static var bits: Int { 5 }
    private static var width: Int { 1 << bits }

    private struct Node: Sendable {
        var elements: [Element] = []
        var children: [Node] = []

        var isEmpty: Bool { elements.isEmpty && children.isEmpty }
    }

    private var root = Node()
    /// The number of levels of branches above the leaves.
    private var height = 0
    /// The position of the root's first slot.
    private var base = 0

    /// The position of the first element.
    private(set) var startIndex = 0

    /// The position behind the last element, which the next one will have.
    private(set) var endIndex = 0

    /// The number of elements.
    var count: Int { endIndex - startIndex }

    /// The element at a position between ``startIndex`` and ``endIndex``.
    subscript(position: Int) -> Element {
        read(position) { copy $0 }
    }

    /// Reads from the element at a position between ``startIndex`` and ``endIndex`` without copying it.
    func read<Result>(_ position: Int, _ body: (borrowing Element) -> Result) -> Result {
        precondition(position >= startIndex && position < endIndex, "position \(position) is not in the log")
        return Self.read(root, at: position - base, height: height, body)
    }

    // Through a span, a node is borrowed where it stands; through the array's own subscript it would be retained.
    private static func read<Result>(
        _ node: borrowing Node,
        at offset: Int,
        height: Int,
        _ body: (borrowing Element) -> Result
    ) -> Result {
        if height == 0 { return body(node.elements.span[offset]) }
        let shift = bits * height
        return read(node.children.span[offset >> shift], at: offset & ((1 << shift) - 1), height: height - 1, body)
    }

    /// Visits the elements from `position` on until `body` returns false.
    func visit(from position: Int, _ body: (Int, borrowing Element) -> Bool) {
        visitRuns(from: position) { start, elements in
            for index in elements.indices {
                guard body(start + index, elements[index]) else { return false }
            }
            return true
        }
    }

    /// Visits the elements from `position` on, as many at a time as lie together, until `body` returns false. It gets the
    /// position of the first of them.
    ///
    /// What is looked at through the span is not copied, so that elements whose memory is cold stay untouched where
    /// `body` does not need it.
    func visitRuns(from position: Int, _ body: (Int, Span<Element>) -> Bool) {
        let first = max(position, startIndex)
        guard first < endIndex else { return }
        _ = Self.visit(root, from: first - base, height: height, position: base, body)
    }

    private static func visit(
        _ node: borrowing Node,
        from offset: Int,
        height: Int,
        position: Int,
        _ body: (Int, Span<Element>) -> Bool
    ) -> Bool {
        if height == 0 {
            let elements = node.elements.span
            return body(position + offset, elements.extracting(offset..<elements.count))
        }
        let shift = bits * height
        var inside = offset & ((1 << shift) - 1)
        let children = node.children.span
        for slot in (offset >> shift)..<children.count {
            let start = position + slot << shift
            guard visit(children[slot], from: inside, height: height - 1, position: start, body) else {
                return false
            }
            inside = 0
        }
        return true
    }

    /// Adds an element and returns its position.
    @discardableResult
    mutating func append(_ element: Element) -> Int {
        if endIndex - base == 1 << (Self.bits * (height + 1)) { makeRoom() }
        Self.append(element, to: &root, at: endIndex - base, height: height)
        endIndex += 1
        return endIndex - 1
    }

    private static func append(_ element: Element, to node: inout Node, at offset: Int, height: Int) {
        if height == 0 {
            if node.elements.isEmpty { node.elements.reserveCapacity(width) }
            node.elements.append(element)
            return
        }
        let shift = bits * height
        if offset >> shift == node.children.count { node.children.append(Node()) }
        append(element, to: &node.children[offset >> shift], at: offset & ((1 << shift) - 1), height: height - 1)
    }

    /// Gives back the root's slots that trimming has emptied, or else adds a level.
    private mutating func makeRoom() {
        let emptied = height == 0 ? 0 : (startIndex - base) >> (Self.bits * height)
        if emptied > 0 {
            root.children.removeFirst(emptied)
            base += emptied << (Self.bits * height)
        } else {
            var newRoot = Node()
            newRoot.children = [root]
            root = newRoot
            height += 1
        }
    }

    /// Drops all elements before `position`.
    mutating func trim(before position: Int) {
        let start = min(position, endIndex)
        guard start > startIndex else { return }
        startIndex = start
        if start == endIndex {
            root = Node()
            height = 0
            base = start
        } else {
            Self.clear(&root, before: start - base, height: height)
        }
    }

    private static func clear(_ node: inout Node, before offset: Int, height: Int) {
        guard height > 0 else { return }
        let shift = bits * height
        let slot = offset >> shift
        for emptied in 0..<slot where !node.children[emptied].isEmpty { node.children[emptied] = Node() }
        clear(&node.children[slot], before: offset & ((1 << shift) - 1), height: height - 1)
    }
}

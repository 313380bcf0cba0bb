/// Where an element stands in a ``SlotLine``: its neighbours' slots.
struct SlotLinks: Hashable, Sendable {
    var previous = SlotLine.nobody
    var next = SlotLine.nobody
}

/// An element of a ``SlotArray``.
protocol SlotElement {
    /// Kept up by the line that the element stands in; it stands in one at most.
    var links: SlotLinks { get set }

    /// What fills a slot that nobody has; it holds on to nothing.
    static var vacant: Self { get }
}

/// Elements that keep their place, a *slot*, for as long as they are there.
///
/// Slots of elements that have gone are used again, so that it takes as much room as the most elements that were
/// there at a time, and nothing once it is empty.
struct SlotArray<Element: SlotElement & Sendable>: Sendable {
    private var elements: [Element] = []
    /// The first slot that nobody has; the next one stands in its links.
    private var vacancy = SlotLine.nobody

    /// The number of elements.
    private(set) var count = 0

    /// The element in a slot that is taken. O(1).
    subscript(slot: Int32) -> Element {
        get { elements[Int(slot)] }
        _modify { yield &elements[Int(slot)] }
    }

    /// Whether there is such a slot, taken or vacant.
    func contains(_ slot: Int) -> Bool { elements.indices.contains(slot) }

    /// Puts an element into a slot. O(1).
    mutating func insert(_ element: Element) -> Int32 {
        count += 1
        guard vacancy != SlotLine.nobody else {
            elements.append(element)
            return Int32(elements.count - 1)
        }
        let slot = vacancy
        vacancy = self[slot].links.next
        self[slot] = element
        return slot
    }

    /// Takes an element, which must stand in no line, away. O(1).
    mutating func remove(_ slot: Int32) {
        count -= 1
        guard count > 0 else {
            self = SlotArray()
            return
        }
        var vacant = Element.vacant
        vacant.links.next = vacancy
        self[slot] = vacant
        vacancy = slot
    }
}

/// A line of elements of a ``SlotArray``, first come, first served. It has no storage of its own.
struct SlotLine: Hashable, Sendable {
    /// No slot.
    static var nobody: Int32 { -1 }

    private(set) var first = SlotLine.nobody
    private(set) var last = SlotLine.nobody
    private(set) var count: Int32 = 0

    var isEmpty: Bool { count == 0 }

    /// Puts an element at the end. O(1).
    mutating func append<Element>(_ slot: Int32, in array: inout SlotArray<Element>) {
        array[slot].links = SlotLinks(previous: last)
        if last == Self.nobody { first = slot } else { array[last].links.next = slot }
        last = slot
        count += 1
    }

    /// Takes an element, which must stand in this line, out of it. O(1).
    mutating func remove<Element>(_ slot: Int32, in array: inout SlotArray<Element>) {
        let links = array[slot].links
        if links.previous == Self.nobody { first = links.next } else { array[links.previous].links.next = links.next }
        if links.next == Self.nobody {
            last = links.previous
        } else {
            array[links.next].links.previous = links.previous
        }
        array[slot].links = SlotLinks()
        count -= 1
    }

    /// Has the first one stand last. O(1).
    mutating func rotate<Element>(in array: inout SlotArray<Element>) {
        guard count > 1 else { return }
        let slot = first
        remove(slot, in: &array)
        append(slot, in: &array)
    }

    /// The slots, in order. O(count).
    func slots<Element>(in array: SlotArray<Element>) -> [Int32] {
        var slots: [Int32] = []
        slots.reserveCapacity(Int(count))
        var slot = first
        while slot != Self.nobody {
            slots.append(slot)
            slot = array[slot].links.next
        }
        return slots
    }
}

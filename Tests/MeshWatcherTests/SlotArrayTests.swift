import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct SlotArrayTests {
    private struct Element: SlotElement, Sendable {
        var name: Int
        var links = SlotLinks()

        static var vacant: Element { Element(name: -1) }
    }

    @Test func anElementKeepsItsSlotAndAFreeOneIsUsedAgain() {
        var array = SlotArray<Element>()
        let slots = (0..<3).map { array.insert(Element(name: $0)) }
        array.remove(slots[1])
        #expect(array.count == 2)
        #expect(array[slots[0]].name == 0 && array[slots[2]].name == 2)
        #expect(array.insert(Element(name: 3)) == slots[1])
        #expect(array.insert(Element(name: 4)) == 3)
    }

    @Test func anEmptyOneHasNoSlots() {
        var array = SlotArray<Element>()
        let slots = (0..<3).map { array.insert(Element(name: $0)) }
        for slot in slots { array.remove(slot) }
        #expect(array.count == 0)
        #expect(!array.contains(0))
    }

    @Test func aLineOfOneMayRotateAndEnd() {
        var array = SlotArray<Element>()
        var line = SlotLine()
        line.rotate(in: &array)
        let slot = array.insert(Element(name: 0))
        line.append(slot, in: &array)
        line.rotate(in: &array)
        #expect(line.first == slot && line.last == slot)
        line.remove(slot, in: &array)
        #expect(line == SlotLine())
    }

    /// Random operations on two lines over one array, compared with arrays of names.
    @Test func linesKeepTheirOrder() async throws {
        try await withRandomNumbers { numbers in
            var array = SlotArray<Element>()
            var lines = [SlotLine(), SlotLine()]
            var models: [[Int32]] = [[], []]
            for step in 0..<2_000 {
                let which = Int.random(in: 0..<2, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0, 1:
                    let slot = array.insert(Element(name: step))
                    lines[which].append(slot, in: &array)
                    models[which].append(slot)
                case 2:
                    lines[which].rotate(in: &array)
                    if let first = models[which].first { models[which] = models[which].dropFirst() + [first] }
                default:
                    guard let slot = models[which].randomElement(using: &numbers) else { continue }
                    lines[which].remove(slot, in: &array)
                    array.remove(slot)
                    models[which].removeAll { $0 == slot }
                }
                #expect(lines[which].slots(in: array) == models[which])
                #expect(Int(lines[which].count) == models[which].count)
                #expect(lines[which].first == models[which].first ?? SlotLine.nobody)
                #expect(lines[which].last == models[which].last ?? SlotLine.nobody)
            }
            #expect(array.count == models[0].count + models[1].count)
        }
    }
}

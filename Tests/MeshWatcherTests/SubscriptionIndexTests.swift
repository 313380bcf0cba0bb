import MeshCore
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct SubscriptionIndexTests {
    private func matches(_ index: SubscriptionIndex, _ key: Key) -> [Int] {
        var found: [Int] = []
        index.match(key.bytes.span, into: &found)
        return found.sorted()
    }

    private func found(_ index: SubscriptionIndex, _ range: KeyRange) -> [Int] {
        var found: [Int] = []
        index.find(range, into: &found)
        return found.sorted()
    }

    @Test func findsOneKeyPrefixesAndIntervals() {
        var index = SubscriptionIndex()
        index.insert(.key("a/1"), id: 1)
        index.insert(.prefix("a/"), id: 2)
        index.insert(.from("b"), id: 3)
        index.insert(.interval("a/1", "a/2"), id: 4)
        index.insert(.all, id: 5)
        #expect(matches(index, "a/1") == [1, 2, 4, 5])
        #expect(matches(index, "a/10") == [2, 4, 5])
        #expect(matches(index, "a/2") == [2, 5])
        #expect(matches(index, "c") == [3, 5])
        #expect(matches(index, "A") == [5])
        #expect(index.count == 5)
    }

    @Test func severalMayHaveTheSameRange() {
        var index = SubscriptionIndex()
        for id in 0..<6 { index.insert(id < 3 ? .key("k") : .prefix("k"), id: id) }
        #expect(matches(index, "k") == [0, 1, 2, 3, 4, 5])
        #expect(found(index, .key("k")) == [0, 1, 2])
        #expect(found(index, .prefix("k")) == [3, 4, 5])
        for id in [1, 0, 4] { index.remove(id < 3 ? .key("k") : .prefix("k"), id: id) }
        #expect(matches(index, "k") == [2, 3, 5])
        index.remove(.key("k"), id: 2)
        #expect(found(index, .key("k")).isEmpty)
        #expect(index.count == 2)
    }

    @Test func whatIsNotThereCanBeRemoved() {
        var index = SubscriptionIndex()
        index.insert(.key("k"), id: 1)
        index.insert(.prefix("k"), id: 2)
        index.remove(.key("k"), id: 2)
        index.remove(.key("other"), id: 1)
        index.remove(.prefix("k"), id: 1)
        #expect(index.count == 2)
        #expect(matches(index, "k") == [1, 2])
    }

    @Test func anEmptyRangeHasNoKey() {
        var index = SubscriptionIndex()
        index.insert(.interval("b", "a"), id: 1)
        for key: Key in ["a", "b", "c"] { #expect(matches(index, key).isEmpty) }
        index.remove(.interval("b", "a"), id: 1)
        #expect(index.count == 0)
    }

    @Test func keysThatAreAlikeAreToldApart() {
        // Of different lengths, with zeros at the end, and equal but for the last byte of eight.
        let keys: [Key] = [Key([0]), Key([0, 0]), "12345678", "12345679", Key("12345678").successor, "1234567", ""]
        var index = SubscriptionIndex()
        for (id, key) in keys.enumerated() { index.insert(.key(key), id: id) }
        for (id, key) in keys.enumerated() { #expect(matches(index, key) == [id]) }
    }

    @Test func agreesWithALookAtEverySubscription() async throws {
        try await withRandomNumbers { numbers in
            var index = SubscriptionIndex()
            var ranges: [Int: KeyRange] = [:]
            for step in 0..<4_000 {
                // It grows, and shrinks to nothing, several times.
                let grows = (step / 500).isMultiple(of: 2)
                if Int.random(in: 0..<10, using: &numbers) < (grows ? 8 : 3) {
                    let range = Self.range(&numbers)
                    index.insert(range, id: step)
                    ranges[step] = range
                } else if let (id, range) = ranges.randomElement(using: &numbers) {
                    index.remove(range, id: id)
                    ranges[id] = nil
                }
                #expect(index.count == ranges.count)
                let key = Self.key(&numbers)
                #expect(matches(index, key) == ranges.filter { $0.value.contains(key) }.keys.sorted())
                let range = Self.range(&numbers)
                #expect(found(index, range) == ranges.filter { $0.value == range }.keys.sorted())
                if step % 50 == 0 {
                    #expect(index.brokenInvariant() == nil)
                    await Task.yield()
                }
            }
        }
    }

    private static func key(_ numbers: inout SplitMix64) -> Key {
        let alphabet: [UInt8] = [0, 0x61, 0x62, 0xFF]
        return Key(
            (0..<Int.random(in: 1...3, using: &numbers)).map { _ in alphabet.randomElement(using: &numbers) ?? 0 })
    }

    private static func range(_ numbers: inout SplitMix64) -> KeyRange {
        switch Int.random(in: 0..<8, using: &numbers) {
        case 0, 1, 2: .key(key(&numbers))
        case 3: .from(key(&numbers))
        case 4: .prefix(key(&numbers))
        case 5: .all
        default: .interval(key(&numbers), key(&numbers))
        }
    }
}

@Suite struct IntervalTreeTests {
    @Test func staysFlatInWhateverOrderIntervalsCome() {
        for order in 0..<3 {
            var tree = IntervalTree()
            let count = 4_096
            for step in 0..<count {
                let number = order == 0 ? step : order == 1 ? count - step : step * 2_654_435_761 % 65_536
                tree.insert(.prefix(Key("\(100_000 + number)")), id: step)
            }
            #expect(tree.count == count)
            // 1.44 times the logarithm.
            #expect(tree.height <= 18)
            #expect(tree.brokenInvariant() == nil)
        }
    }

    @Test func givesItsPlacesBack() {
        var tree = IntervalTree()
        for round in 0..<3 {
            for number in 0..<100 { tree.insert(.prefix(Key("\(number)")), id: number) }
            for number in 0..<100 {
                let isRemoved = tree.remove(.prefix(Key("\(number)")), id: number)
                #expect(isRemoved, "round \(round)")
            }
            #expect(tree.count == 0 && tree.height == 0)
        }
        let isRemoved = tree.remove(.prefix("1"), id: 1)
        #expect(!isRemoved)
    }

    @Test func findsTheLongIntervalAmongManyShortOnes() {
        var tree = IntervalTree()
        for number in 0..<1_000 { tree.insert(.prefix(Key("\(10_000 + number)")), id: number) }
        tree.insert(.from("1"), id: 5_000)
        tree.insert(.interval("10", "2"), id: 5_001)
        var found: [Int] = []
        tree.match(Key("10500/x").bytes.span, into: &found)
        #expect(found.sorted() == [500, 5_000, 5_001])
    }
}

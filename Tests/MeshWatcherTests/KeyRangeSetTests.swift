import MeshCore
import MeshWatcher
import TestSupport
import Testing

@Suite struct KeyRangeSetTests {
    @Test func keepsSeparateRangesApartAndInOrder() {
        let set = KeyRangeSet([.interval("m", "p"), .key("x"), .interval("a", "c")])
        #expect(set.ranges == [.interval("a", "c"), .interval("m", "p"), .key("x")])
    }

    @Test func mergesRangesThatOverlapOrTouch() {
        #expect(KeyRangeSet([.interval("b", "d"), .interval("a", "b")]).ranges == [.interval("a", "d")])
        #expect(KeyRangeSet([.interval("a", "c"), .interval("b", "e"), .key("d")]).ranges == [.interval("a", "e")])
        #expect(KeyRangeSet([.from("c"), .interval("a", "d"), .key("z")]).ranges == [.from("a")])
        #expect(KeyRangeSet([.key("a"), .key(Key("a").successor)]).ranges.count == 1)
    }

    @Test func leavesRangesApartThatOneKeySeparates() {
        // Between [a, b) and what follows b lies b itself.
        let set = KeyRangeSet([.interval("a", "b"), .interval(Key("b").successor, "c")])
        #expect(set.ranges.count == 2)
        #expect(!set.contains(.interval("a", "c")))
    }

    @Test func writesTheSameSetInOneWay() {
        #expect(KeyRangeSet([.key("a")]) == KeyRangeSet([.interval("a", Key("a").successor)]))
        #expect(KeyRangeSet([.prefix("ab")]) == KeyRangeSet([.interval("ab", "ab5"), .interval("ab5", "ac")]))
        #expect(KeyRangeSet([.interval("b", "a")]) == KeyRangeSet())
    }

    @Test func containsWhatLiesInSeveralNeighboursTogether() {
        let set = KeyRangeSet([.interval("a", "f"), .interval("f", "k"), .interval("k", "p")])
        #expect(set.contains(.interval("b", "o")))
        #expect(!set.contains(.interval("b", "q")))
        #expect(!set.contains(.from("b")))
    }

    @Test func theEmptySetContainsNotEvenAnEmptyRange() {
        #expect(!KeyRangeSet().contains(.interval("b", "a")))
        #expect(KeyRangeSet([.key("x")]).contains(.interval("b", "a")))
        #expect(!KeyRangeSet().contains(.key("a")))
    }

    @Test func unionDoesNotDependOnTheOrderOfItsParts() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<200 {
                let ranges = (0..<Int.random(in: 0...6, using: &numbers)).map { _ in randomRange(&numbers) }
                let set = KeyRangeSet(ranges)
                #expect(KeyRangeSet(ranges.shuffled(using: &numbers)) == set)
                let cut = Int.random(in: 0...ranges.count, using: &numbers)
                #expect(KeyRangeSet(ranges[..<cut]).union(KeyRangeSet(ranges[cut...])) == set)
                #expect(set.union(set) == set)
            }
        }
    }

    /// Range ends have at most two bytes, so that two sets of keys that differ at all differ in a key of at most three.
    @Test func agreesWithAKeyByKeyModel() async throws {
        let universe = allKeys(upTo: 3)
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let ranges = (0..<Int.random(in: 0...5, using: &numbers)).map { _ in randomRange(&numbers) }
                let set = KeyRangeSet(ranges)
                for key in universe {
                    #expect(
                        set.contains(key) == ranges.contains { $0.contains(key) },
                        "\(key.bytes) in \(ranges.map { ($0.wireKey, $0.wireRangeEnd) })")
                }
                for _ in 0..<20 {
                    let asked = randomRange(&numbers)
                    if asked.isEmpty { continue }
                    let lies = universe.filter { asked.contains($0) }.allSatisfy { key in
                        ranges.contains { $0.contains(key) }
                    }
                    // An unbounded range also has keys behind all of the universe.
                    let reachesTheEnd = asked.end != .unbounded || ranges.contains { $0.end == .unbounded }
                    #expect(
                        set.contains(asked) == (lies && reachesTheEnd),
                        "\(asked.wireKey) \(asked.wireRangeEnd) in \(ranges.map { ($0.wireKey, $0.wireRangeEnd) })")
                }
            }
        }
    }
}

/// The bytes of range ends, each with the byte at which its prefix would end.
private let alphabet: [UInt8] = [0x00, 0x61, 0xFF]
private let fullAlphabet: [UInt8] = [0x00, 0x01, 0x61, 0x62, 0xFF]

private func allKeys(upTo length: Int) -> [Key] {
    var keys: [[UInt8]] = []
    var last: [[UInt8]] = [[]]
    for _ in 0..<length {
        last = last.flatMap { key in fullAlphabet.map { key + [$0] } }
        keys += last
    }
    return keys.map { Key($0) }
}

private func randomRange(_ numbers: inout SplitMix64) -> KeyRange {
    func key(_ numbers: inout SplitMix64) -> Key {
        Key((0..<Int.random(in: 1...2, using: &numbers)).map { _ in alphabet[Int.random(in: 0..<3, using: &numbers)] })
    }
    switch Int.random(in: 0..<8, using: &numbers) {
    case 0: return .from(key(&numbers))
    case 1, 2: return .key(key(&numbers))
    case 3: return .prefix(key(&numbers))
    default: return .interval(key(&numbers), key(&numbers))
    }
}

import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct KeyIndexTests {
    private func entry(_ key: Key, isLive: Bool = true, revision: Revision = 2) -> IndexEntry {
        let pair =
            isLive
            ? KeyValue(key: key, createRevision: revision, modRevision: revision, version: 1, value: [])
            : .tombstone(key: key, modRevision: revision)
        return IndexEntry(pair: pair, position: 0, isLive: isLive)
    }

    private func keys(of index: KeyIndex, in range: KeyRange = .all, liveOnly: Bool = true) -> [Key] {
        var keys: [Key] = []
        index.visit(range, liveOnly: liveOnly) { entry in
            keys.append(entry.pair.key)
            return true
        }
        return keys
    }

    @Test func staysABalancedTreeThroughInsertionsAndRemovals() async throws {
        try await withRandomNumbers { numbers in
            var index = KeyIndex()
            var expected: [Int: Bool] = [:]
            // Grows to several levels first, then shrinks to nothing.
            for round in 0..<6_000 {
                let number = Int.random(in: 0..<3_000, using: &numbers)
                let key = Key("key/\(number)")
                let isGrowing = round < 4_000
                if Int.random(in: 0..<10, using: &numbers) < (isGrowing ? 8 : 2) {
                    let isLive = Bool.random(using: &numbers)
                    index.update(key) { present in
                        #expect((present != nil) == (expected[number] != nil))
                        return entry(key, isLive: isLive)
                    }
                    expected[number] = isLive
                } else {
                    index.remove(key)
                    expected[number] = nil
                }
                if round % 97 == 0, let broken = index.brokenInvariant() { Issue.record("\(broken)") }
            }
            for number in expected.keys.sorted() { check(index, has: expected[number], at: Key("key/\(number)")) }
            #expect(keys(of: index, liveOnly: false) == expected.keys.map { Key("key/\($0)") }.sorted())
            #expect(keys(of: index) == expected.filter(\.value).keys.map { Key("key/\($0)") }.sorted())
            for number in expected.keys { index.remove(Key("key/\(number)")) }
            #expect(index.brokenInvariant() == nil)
            #expect(keys(of: index, liveOnly: false).isEmpty)
            #expect(index.liveCount == 0)
        }
    }

    private func check(_ index: KeyIndex, has isLive: Bool?, at key: Key) {
        #expect(index[key]?.isLive == isLive)
        #expect((index.livePair(key) != nil) == (isLive == true))
    }

    @Test func countsAndVisitsRangesAsASortedListWould() async throws {
        try await withRandomNumbers { numbers in
            var index = KeyIndex()
            var live: Set<Key> = []
            for _ in 0..<1_500 {
                let key = Key(
                    (0..<Int.random(in: 1...3, using: &numbers)).map { _ in UInt8.random(in: 0...9, using: &numbers) })
                let isLive = Int.random(in: 0..<4, using: &numbers) > 0
                index.update(key) { _ in entry(key, isLive: isLive) }
                if isLive { live.insert(key) } else { live.remove(key) }
            }
            for _ in 0..<300 {
                let bounds = (0..<2).map { _ in
                    Key(
                        (0..<Int.random(in: 1...3, using: &numbers)).map { _ in
                            UInt8.random(in: 0...10, using: &numbers)
                        })
                }
                let ranges: [KeyRange] = [
                    .interval(bounds[0], bounds[1]), .from(bounds[0]), .prefix(bounds[0]), .key(bounds[0]),
                ]
                for range in ranges {
                    let expected = live.filter { range.contains($0) }.sorted()
                    #expect(index.count(in: range) == expected.count, "\(range)")
                    #expect(keys(of: index, in: range) == expected, "\(range)")
                    var reversed: [Key] = []
                    index.visit(range, reversed: true) { entry in
                        reversed.append(entry.pair.key)
                        return true
                    }
                    #expect(reversed == expected.reversed(), "\(range)")
                }
            }
        }
    }

    @Test func visitsNoFurtherThanItIsAskedTo() {
        var index = KeyIndex()
        for number in 100..<400 { index.update("\(number)") { _ in entry("\(number)") } }
        for isReversed in [false, true] {
            var visited: [Key] = []
            index.visit(.all, reversed: isReversed) { entry in
                visited.append(entry.pair.key)
                return visited.count < 5
            }
            #expect(
                visited == (isReversed ? ["399", "398", "397", "396", "395"] : ["100", "101", "102", "103", "104"]))
        }
    }

    @Test func copiesDoNotSeeEachOthersChanges() {
        var index = KeyIndex()
        for number in 0..<500 { index.update("\(number)") { _ in entry("\(number)") } }
        let copy = index
        for number in 0..<500 where number % 2 == 0 { index.remove("\(number)") }
        index.update("new") { _ in entry("new") }
        #expect(copy.liveCount == 500)
        #expect(copy["new"] == nil)
        #expect(copy["0"] != nil)
        #expect(copy.brokenInvariant() == nil)
        #expect(index.liveCount == 251)
        #expect(index.brokenInvariant() == nil)
    }

    @Test func theInvariantCheckSeesABrokenTree() {
        var node = IndexNode()
        node.entries = [entry("b"), entry("a")]
        node.liveCount = 2
        #expect(KeyIndex(root: node).brokenInvariant()?.contains("order") == true)
        node.entries = [entry("a"), entry("b")]
        node.liveCount = 3
        #expect(KeyIndex(root: node).brokenInvariant()?.contains("counts") == true)
        node.liveCount = 2
        #expect(KeyIndex(root: node).brokenInvariant() == nil)
        node.children = [IndexNode()]
        #expect(KeyIndex(root: node).brokenInvariant()?.contains("children") == true)
    }
}

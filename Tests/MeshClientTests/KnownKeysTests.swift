import MeshCore
import TestSupport
import Testing

@testable import MeshClient

struct KnownKeysTests {
    private func pair(_ key: Key, _ revision: Int64, _ value: String = "v") -> KeyValue {
        KeyValue(key: key, createRevision: 1, modRevision: Revision(revision), version: 1, value: value.utf8)
    }

    @Test("a listing tells what was added, changed and unchanged, and at its end what vanished, in order")
    func listing() {
        var known = KnownKeys(of: .prefix("p/"))
        var budget = FollowBudget()
        known.beginListing()
        for name in ["a", "b", "c", "a-name-of-more-than-twenty-three-bytes"] {
            #expect(known.list(pair(Key("p/" + name), 5), budget: &budget) == .added)
        }
        #expect(known.endListing(budget: &budget).isEmpty)
        #expect(known.count == 4 && budget.keys == 4 && known.newest == 5)

        known.beginListing()
        #expect(known.list(pair("p/b", 5), budget: &budget) == .unchanged)
        #expect(known.list(pair("p/b", 5, "restored"), budget: &budget) == .changed, "same revision, other pair")
        #expect(known.list(pair("p/d", 6), budget: &budget) == .added)
        let vanished = known.endListing(budget: &budget)
        #expect(vanished == ["p/a", "p/a-name-of-more-than-twenty-three-bytes", "p/c"])
        #expect(known.count == 2 && budget.keys == 2)
        #expect(budget.bytes == pair("p/b", 5, "restored").encoded.count + pair("p/d", 6).encoded.count)
    }

    @Test("what the budget refuses is not known; a known key keeps its place when only its new value is refused")
    func budget() {
        var known = KnownKeys(of: .prefix("p/"))
        let first = pair("p/a", 1)
        var budget = FollowBudget(maximumKeys: 2, maximumBytes: first.encoded.count + 5)
        known.beginListing()
        #expect(known.list(first, budget: &budget) == .added)
        #expect(known.list(pair("p/b", 2), budget: &budget) == .refused)
        #expect(known.isIncomplete)
        _ = known.endListing(budget: &budget)
        known.beginListing()
        #expect(!known.isIncomplete)
        #expect(known.list(pair("p/a", 3, "much longer than before"), budget: &budget) == .refused)
        #expect(known.endListing(budget: &budget).isEmpty, "the key is still there")
        #expect(known.put(pair("p/a", 4, "much longer than before"), budget: &budget) == nil)
        #expect(known.fingerprint(of: "p/a") == KnownKeys.fingerprint(first))
    }

    @Test("puts and deletions answer the fingerprint of what they left or took")
    func events() {
        var known = KnownKeys(of: .prefix("p/"))
        var budget = FollowBudget()
        let (first, second) = (pair("p/a", 2), pair("p/a", 3, "other"))
        #expect(known.put(first, budget: &budget) == KnownKeys.fingerprint(first))
        #expect(known.put(second, budget: &budget) == KnownKeys.fingerprint(second))
        #expect(budget.keys == 1 && budget.bytes == second.encoded.count)
        let tombstone = KeyValue.tombstone(key: "p/a", modRevision: 4)
        #expect(known.delete(tombstone, budget: &budget) == KnownKeys.fingerprint(second))
        #expect(known.delete(tombstone, budget: &budget) == nil)
        #expect(known.count == 0 && budget.keys == 0 && budget.bytes == 0)
    }

    @Test("after distrust the next listing tells of every key")
    func distrust() {
        var known = KnownKeys(of: .prefix("p/"))
        var budget = FollowBudget()
        _ = known.put(pair("p/a", 2), budget: &budget)
        known.distrust()
        known.beginListing()
        #expect(known.list(pair("p/a", 2), budget: &budget) == .changed)
    }

    @Test("many random listings agree with a dictionary of pairs", arguments: [UInt64(1), 2, 3])
    func model(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var known = KnownKeys(of: .prefix("p/"))
        var budget = FollowBudget()
        var model: [Key: KeyValue] = [:]
        for round in 1...40 {
            var present: [Key: KeyValue] = [:]
            for number in 0..<60 where Bool.random(using: &random) {
                let key = Key("p/" + String(repeating: "x", count: number) + "\(number)")
                let isKept = Bool.random(using: &random)
                present[key] = isKept ? model[key] ?? pair(key, Int64(round)) : pair(key, Int64(round), "w")
            }
            known.beginListing()
            for (key, pair) in present {
                let expected: KnownKeys.Comparison =
                    model[key] == nil ? .added : model[key] == pair ? .unchanged : .changed
                #expect(known.list(pair, budget: &budget) == expected)
            }
            let vanished = model.keys.filter { present[$0] == nil }.sorted()
            #expect(known.endListing(budget: &budget) == vanished)
            model = present
            #expect(known.count == model.count && budget.keys == model.count)
            #expect(budget.bytes == model.values.reduce(0) { $0 + $1.encoded.count })
        }
    }
}

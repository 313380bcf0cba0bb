import MeshCore
import TestSupport
import Testing

@Suite struct KeyRangeTests {
    @Test func readsEtcdsConventions() {
        #expect(KeyRange(key: Array("a".utf8), rangeEnd: []) == .key("a"))
        #expect(KeyRange(key: Array("a".utf8), rangeEnd: [0]) == .from("a"))
        #expect(KeyRange(key: [0], rangeEnd: [0]) == .all)
        #expect(KeyRange(key: Array("a".utf8), rangeEnd: Array("b".utf8)) == .prefix("a"))
        #expect(KeyRange(key: Array("a".utf8), rangeEnd: [0, 0]) == .interval("a", Key([0, 0])))
    }

    @Test func aPrefixIsItsKeyUpToTheNextPrefix() {
        #expect(KeyRange.prefix("ab") == .interval("ab", "ac"))
        #expect(KeyRange.prefix(Key([0xFF])) == .from(Key([0xFF])))
        #expect(KeyRange.prefix("") == .all)
    }

    @Test func isEmptyWhenItsEndIsNotBehindItsStart() {
        #expect(KeyRange.interval("b", "a").isEmpty)
        #expect(KeyRange.interval("a", "a").isEmpty)
        #expect(!KeyRange.interval("a", Key("a").successor).isEmpty)
        #expect(!KeyRange.key("a").isEmpty)
        #expect(!KeyRange.from("a").isEmpty)
    }

    @Test func describesItselfShortly() {
        #expect(KeyRange.all.description == "*")
        #expect(KeyRange.key("a").description == "a")
        #expect(KeyRange.prefix("a/").description == "a/*")
        #expect(KeyRange.from("a").description == "[a, ∞)")
        #expect(KeyRange.interval("a", "c").description == "[a, c)")
    }

    /// All keys of up to two bytes out of three: a small world in which every statement about ranges can be tried out.
    private static let world: [Key] = {
        let bytes: [UInt8] = [0, 1, 0xFF]
        return bytes.map { Key([$0]) } + bytes.flatMap { first in bytes.map { Key([first, $0]) } }
    }()

    private static let ranges: [KeyRange] =
        world.flatMap { lower in
            world.map { KeyRange.interval(lower, $0) } + [.key(lower), .from(lower), .prefix(lower)]
        } + [.all]

    private func keys(_ range: KeyRange) -> Set<Key> { Set(Self.world.filter { range.contains($0) }) }

    @Test func everyFormContainsWhatItsBoundsSay() {
        for lower in Self.world {
            #expect(keys(.key(lower)) == [lower])
            #expect(keys(.from(lower)) == Set(Self.world.filter { $0 >= lower }))
            #expect(keys(.prefix(lower)) == Set(Self.world.filter { $0.hasPrefix(lower) }))
            for upper in Self.world {
                #expect(keys(.interval(lower, upper)) == Set(Self.world.filter { $0 >= lower && $0 < upper }))
            }
        }
        #expect(keys(.all) == Set(Self.world))
    }

    @Test func containsAndOverlapsAgreeWithTheKeys() {
        for left in Self.ranges {
            let inLeft = keys(left)
            for right in Self.ranges {
                let inRight = keys(right)
                if left.contains(right) { #expect(inRight.isSubset(of: inLeft), "\(left) contains \(right)") }
                if !inLeft.isDisjoint(with: inRight) { #expect(left.overlaps(right), "\(left) overlaps \(right)") }
                if left.isEmpty { #expect(!left.overlaps(right)) }
                #expect(left.overlaps(right) == right.overlaps(left))
            }
            #expect(left.contains(left))
            #expect(KeyRange.all.contains(left))
        }
    }

    @Test func containsARangeOnlyWithAllItsKeys() {
        #expect(KeyRange.prefix("a/").contains(.prefix("a/b")))
        #expect(KeyRange.prefix("a/").contains(.key("a/")))
        #expect(!KeyRange.prefix("a/").contains(.from("a/")))
        #expect(!KeyRange.prefix("a/").contains(.prefix("a")))
        #expect(!KeyRange.key("a").contains(.interval("a", "b")))
        #expect(KeyRange.key("a").contains(.interval("a", Key("a").successor)))
        #expect(KeyRange.key("x").contains(.interval("b", "a")), "nothing is in everything")
        #expect(!KeyRange.prefix("a").overlaps(.prefix("b")), "neighbours do not overlap")
    }

    @Test func meansTheSameAfterATripOverTheWire() {
        for range in Self.ranges {
            let copy = KeyRange(key: range.wireKey, rangeEnd: range.wireRangeEnd)
            #expect(keys(copy) == keys(range), "\(range)")
            #expect(!range.wireKey.isEmpty)
            if !range.isEmpty { #expect(copy == range) }
        }
        // Ends that would mean something else on the wire than they do here.
        for end in [Key([UInt8]()), Key([0])] {
            for lower in [Key([UInt8]()), Key([0]), Key([0, 0]), "a"] {
                let range = KeyRange.interval(lower, end)
                #expect(KeyRange(key: range.wireKey, rangeEnd: range.wireRangeEnd).isEmpty)
                #expect(!range.wireKey.isEmpty)
            }
        }
    }
}

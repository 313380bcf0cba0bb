import MeshCore
import Testing

@testable import MeshClient

struct KeyTailTests {
    private func tail(_ text: String, behind count: Int = 0) -> KeyTail {
        KeyTail(Array(text.utf8)[...], behind: count)
    }

    @Test("every length gives its bytes back, in place or not", arguments: 0...40)
    func roundTrip(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 255 - 7 * $0) }
        #expect(KeyTail(bytes[...], behind: 0).bytes == bytes)
        let key = Array("cilium/state/".utf8) + bytes
        #expect(KeyTail(key[...], behind: 13).bytes == bytes)
    }

    @Test("different bytes are different tails, zero bytes at the end included")
    func distinct() {
        let texts: [[UInt8]] = [
            [], [0], [0, 0], [1], [0, 1], [1, 0], Array(repeating: 0, count: 23), Array(repeating: 0, count: 24),
            Array(repeating: 0, count: 22) + [1], Array(repeating: 0, count: 7) + [1],
            Array(repeating: 0, count: 8) + [1],
        ]
        #expect(Set(texts.map { KeyTail($0[...], behind: 0) }).count == texts.count)
        #expect(tail("10.0.0.1") == tail("xx/10.0.0.1", behind: 3))
        #expect(tail("10.0.0.1").hashValue == tail("xx/10.0.0.1", behind: 3).hashValue)
    }

    @Test("a slice of a longer array counts from its own start, and one that is shorter than the prefix is empty")
    func slices() {
        let encoded = Array("....cilium/node-1....".utf8)
        #expect(KeyTail(encoded[4..<17], behind: 7).bytes == Array("node-1".utf8))
        #expect(KeyTail(encoded[4..<6], behind: 7).bytes.isEmpty)
    }

    @Test("what all keys of a range share is its prefix, one key as a whole, and nothing where the bounds differ")
    func sharedPrefix() {
        #expect(KeyRange.prefix("cilium/state/").sharedPrefix == "cilium/state/")
        #expect(KeyRange.key("a/b").sharedPrefix == "a/b")
        #expect(KeyRange.all.sharedPrefix.isEmpty)
        #expect(KeyRange.from("b").sharedPrefix.isEmpty)
        #expect(KeyRange.interval("a", "c").sharedPrefix.isEmpty)
        #expect(KeyRange.prefix(Key([0x61, 0xFF])).sharedPrefix == Key([0x61, 0xFF]))
        #expect(KeyRange.prefix(Key([0xFF])).sharedPrefix.isEmpty)
    }
}

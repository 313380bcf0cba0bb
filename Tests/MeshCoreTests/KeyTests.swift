import MeshCore
import Testing

@Suite struct KeyTests {
    @Test func isOrderedByteByByte() {
        let ordered = [
            Key([0]), Key([0, 0]), "A", "a", Key([0x61, 0]), "aa", "b", Key([0x7F]), Key([0x80]), Key([0xFF]),
        ]
        #expect(ordered.reversed().sorted() == ordered)
    }

    @Test func isMadeOfTextOrBytes() {
        let name = "athens"
        #expect(Key("ü").bytes == [0xC3, 0xBC])
        #expect("cluster/\(name)" as Key == Key("cluster/athens"))
        #expect(Key("abc".utf8.dropFirst()) == "bc")
        #expect(Key([0x61, 0xFF]).description == "a\u{FFFD}")
    }

    @Test func theSuccessorIsTheNextKeyThereIs() {
        #expect(Key("a").successor == Key([0x61, 0]))
        #expect(Key([0xFF]).successor == Key([0xFF, 0]))
    }

    @Test func theEndOfAPrefixIsBehindAllItsKeys() {
        #expect(Key("a").endOfPrefix == "b")
        #expect(Key("a/").endOfPrefix == "a0")
        #expect(Key([0x61, 0xFF, 0xFF]).endOfPrefix == "b")
        #expect(Key([0xFF, 0xFF]).endOfPrefix == nil)
        #expect(Key([UInt8]()).endOfPrefix == nil)
    }

    @Test func knowsItsPrefixes() {
        #expect(Key("abc").hasPrefix("ab"))
        #expect(Key("abc").hasPrefix("abc"))
        #expect(Key("abc").hasPrefix(""))
        #expect(!Key("abc").hasPrefix("abcd"))
        #expect(!Key("abc").hasPrefix("b"))
    }
}

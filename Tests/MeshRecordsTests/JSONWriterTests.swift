import Testing

@testable import MeshRecords

@Suite("JSONWriter")
struct JSONWriterTests {
    @Test func textsAreEscapedAsGoEscapesThem() {
        var writer = JSONWriter()
        writer.string("/\"\\<>&\u{8}\u{C}\n\r\t\u{1}\u{1F}\u{7F}\u{2028}\u{2029}\u{2027}ø🌊")
        #expect(
            text(writer.bytes)
                == #""/\"\\\u003c\u003e\u0026\b\f\n\r\t\u0001\u001f"# + "\u{7F}" + #"\u2028\u2029"# + "\u{2027}ø🌊\""
        )
    }

    @Test func mapsStandInTheByteOrderOfTheirKeys() {
        var writer = JSONWriter()
        writer.object { $0.map("m", ["b": "1", "a": "2", "ø": "3", "Z": "4", "a/b": "5"]) }
        #expect(text(writer.bytes) == #"{"m":{"Z":"4","a":"2","a/b":"5","b":"1","ø":"3"}}"#)
    }

    @Test func emptyContainersAndSiblingsHaveTheirCommas() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("a")
            writer.array { _ in }
            writer.nullField("b")
            writer.name("c")
            writer.array {
                $0.object { _ in }
                $0.string("x")
            }
            writer.field("d", UInt8(255))
            writer.field("e", false)
        }
        #expect(text(writer.bytes) == #"{"a":[],"b":null,"c":[{},"x"],"d":255,"e":false}"#)
    }
}

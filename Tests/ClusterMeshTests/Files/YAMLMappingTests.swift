import Testing

@testable import ClusterMesh

@Suite struct YAMLMappingTests {
    private func fault(_ text: String) -> YAMLFault? {
        do throws(YAMLFault) {
            _ = try YAMLMapping(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    @Test func keysComeInTheirOrderWithTheirLines() throws {
        let mapping = try YAMLMapping(parsing: "# first\nb: 1\na: [x, y]\n")
        #expect(mapping.entries.map(\.key) == ["b", "a"])
        #expect(mapping.entries.map(\.line) == [2, 3])
        #expect(mapping.entries[0].value.text == "1")
        #expect(mapping.entries[1].value.list?.map(\.text) == ["x", "y"])
    }

    @Test(arguments: ["", "# only a comment\n"]) func aTextWithoutContentHasNoKeys(_ text: String) throws {
        #expect(try YAMLMapping(parsing: text).entries.isEmpty)
    }

    @Test func nothingAndNullAreNoText() throws {
        let mapping = try YAMLMapping(parsing: "a:\nb: null\nc: ''\nd: ~\ne: 'null'\n")
        #expect(mapping.entries.map(\.value.text) == [nil, nil, nil, nil, "null"])
    }

    @Test func whatIsNoMappingIsRefusedWithItsLine() {
        #expect(fault("- a\n- b\n")?.message == "expected lines of 'key: value'")
        #expect(fault("a: 1\n[b]: 2\n")?.line == 2)
        #expect(fault("a: 1\n\tb: [\n")?.message.hasPrefix("this is not YAML") == true)
    }

    @Test func aKeyThatStandsTwiceIsNamed() {
        #expect(
            fault("a: 1\nb: 2\na: 3\n") == YAMLFault(message: "it is set twice; keep one of them", line: 3, key: "a"))
    }

    /// A text must not be able to exhaust a thread's stack.
    @Test(arguments: ["[", "{a: ", "- ", "? "]) func aTextThatIsNestedTooDeepIsRefused(_ opening: String) {
        let deep = "a:\n " + String(repeating: opening, count: 20_000)
        #expect(fault(deep)?.message.hasPrefix("this is not YAML") == true)
    }

    @Test func aTextThatIsNestedTooDeepByItsLinesIsRefused() {
        let deep = (0..<2000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(fault(deep)?.message.hasPrefix("this is not YAML") == true)
    }

    @Test func theNearestWordIsAtMostTwoLettersAway() {
        let words = ["endpoints", "cert-file", "key-file"]
        #expect(nearestWord(to: "endpoint", among: words) == "endpoints")
        #expect(nearestWord(to: "cert_file", among: words) == "cert-file")
        #expect(nearestWord(to: "username", among: words) == nil)
        #expect(nearestWord(to: "k", among: ["ke"]) == nil, "one letter is as near to everything")
    }
}

import Foundation
import Testing

@testable import clustermesh

@Suite struct JSONValueTests {
    private let sample = JSONValue.object([
        ("z", .text("first")), ("a", .list([.number(1), .unsigned(.max), .flag(true), .null])),
        ("empty", .object([])), ("none", .list([])),
    ])

    @Test func fieldsKeepTheirOrder() {
        #expect(sample.line == #"{"z":"first","a":[1,18446744073709551615,true,null],"empty":{},"none":[]}"#)
    }

    @Test func linesAreIndented() {
        #expect(
            sample.lines == """
                {
                  "z": "first",
                  "a": [
                    1,
                    18446744073709551615,
                    true,
                    null
                  ],
                  "empty": {},
                  "none": []
                }
                """)
    }

    @Test(arguments: ["", "a\"b\\c", "line\nfeed\r\ttab", "\u{0}\u{1F}\u{7F}", "Aarhus — Ærø 🏝 \u{2028}"])
    func whatItWritesReadsBack(text: String) throws {
        for written in [JSONValue.list([.text(text)]).line, JSONValue.list([.text(text)]).lines] {
            #expect(try JSONDecoder().decode([String].self, from: Data(written.utf8)) == [text])
        }
    }

    @Test(arguments: [
        (0.0, "0"), (1.5, "1.5"), (0.001, "0.001"), (0.0001, "0"), (12.3456, "12.346"), (-0.25, "-0.25"), (-3, "-3"),
        (59.9999, "60"), (.infinity, "null"), (.nan, "null"),
    ])
    func fractionsHaveThreeDigitsAtMost(number: Double, text: String) {
        #expect(JSONValue.fraction(number).line == text)
    }
}

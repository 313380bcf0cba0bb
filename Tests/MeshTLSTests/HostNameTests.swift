import Testing

@testable import MeshTLS

@Suite struct HostNameTests {
    @Test(arguments: [
        ("a.example", "a.example"), ("A.Example", "a.eXample"), ("a.example", "a.example."), ("localhost", "localhost"),
        ("*.a.example", "b.a.example"), ("*.a.example", "B.A.example"), ("my_svc.a.example", "my_svc.a.example"),
    ])
    func covers(pattern: String, host: String) {
        #expect(HostName.covers(pattern, host: host))
    }

    @Test(arguments: [
        ("a.example", "b.example"), ("a.example", "a.example.com"), ("a.example", ""), ("", ""), ("", "a"),
        // The star is one whole label, the left-most, and no more.
        ("*.a.example", "a.example"), ("*.a.example", "c.b.a.example"), ("*.a.example", ".a.example"),
        ("f*.a.example", "foo.a.example"), ("*o.a.example", "foo.a.example"), ("a.*.example", "a.b.example"),
        ("*", "a"), ("*", "a.example"), ("*.example", "a.example"), ("*.", "a."), ("*.*.example", "a.b.example"),
        // A host is never a pattern, nor an address a name.
        ("*.a.example", "*.a.example"), ("10.0.0.1", "10.0.0.1"), ("*.0.0.1", "10.0.0.1"),
    ])
    func doesNotCover(pattern: String, host: String) {
        #expect(!HostName.covers(pattern, host: host))
    }

    @Test func lengthsOfNamesAndLabelsAreBounded() {
        let label = String(repeating: "a", count: 63)
        #expect(HostName.isValidPattern(label + ".example"))
        #expect(!HostName.isValidPattern(label + "a.example"))
        let longest = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
        #expect(longest.utf8.count == HostName.maximumLength)
        #expect(HostName.isValidPattern(longest))
        #expect(!HostName.isValidPattern(longest + "a"))
    }
}

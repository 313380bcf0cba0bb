import MeshCore
import Testing

@Suite struct KeyRangeTextTests {
    @Test func aStarAloneIsAllKeys() throws {
        #expect(try KeyRange(parsing: "*") == .all)
    }

    @Test func aStarAtTheEndIsAPrefix() throws {
        #expect(try KeyRange(parsing: "cilium/state/*") == .prefix("cilium/state/"))
        #expect(try KeyRange(parsing: "a*") == .prefix("a"))
    }

    @Test func withoutAStarItIsOneKey() throws {
        #expect(try KeyRange(parsing: "cilium/.heartbeat") == .key("cilium/.heartbeat"))
        #expect(try KeyRange(parsing: " a b ") == .key(" a b "))
        #expect(try KeyRange(parsing: "kös") == .key(Key(Array("kös".utf8))))
    }

    @Test(arguments: ["", "a*b", "**", "*a", "a**"])
    func anythingElseIsNoRange(text: String) {
        let error = #expect(throws: KeyRangeTextError.self) { try KeyRange(parsing: text) }
        #expect(error?.message.contains(text) == true)
        #expect(error?.message.contains("*") == true)
    }

    @Test(arguments: ["*", "cilium/*", "cilium/cluster-config/athens"])
    func theTextIsWhatTheRangeIsCalled(text: String) throws {
        #expect(try KeyRange(parsing: text).description == text)
    }
}

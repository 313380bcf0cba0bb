import Foundation
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct FileDraftTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() }
    }

    @Test func aDraftIsHiddenUntilItIsPlaced() throws {
        let draft = try FileDraft("new", for: directory.file("a"))
        #expect(try names.allSatisfy { $0.hasPrefix(".a.") })
        #expect(try names.count == 1)
        try draft.place()
        #expect(try names == ["a"])
        #expect(try directory.read("a") == "new")
    }

    @Test func aPlacedDraftReplacesWhatIsThere() throws {
        try directory.write("old, and longer", to: "a")
        try FileDraft("new", for: directory.file("a")).place()
        #expect(try directory.read("a") == "new")
        #expect(try names == ["a"])
    }

    @Test func aDiscardedDraftLeavesNothing() throws {
        try FileDraft("new", for: directory.file("a")).discard()
        #expect(try names == [])
    }

    @Test func whatCannotBeWrittenIsNamed() throws {
        let path = directory.file("none/a")
        let error = #expect(throws: FileError.self) { try FileDraft("new", for: path) }
        #expect(error?.file == path)
        #expect(error?.message.hasPrefix("it cannot be made: ") == true)
    }
}

import ClusterMesh
import Foundation
import TestSupport
import Testing

@Suite struct StateDirectoryTests {
    private func load(_ files: [String: String]) throws -> Result<[StateLine], StateDirectoryError> {
        let directory = try TemporaryDirectory()
        for (name, text) in files {
            try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/" + name))
        }
        return Result { () throws(StateDirectoryError) in try StateDirectory(directory.path).load() }
    }

    @Test func readsEveryFileInOrderOfNamesAndSkipsEmptyLines() throws {
        let lines = try load([
            "b.jsonl": #"{"key":"two","value":"2"}"# + "\n\n",
            "a.jsonl": #"{"key":"one","value":"{\"a\":1}"}"#,
            "notes.txt": "not state",
        ]).get()
        #expect(lines == [StateLine(key: "one", value: Array(#"{"a":1}"#.utf8)), StateLine(key: "two", value: [0x32])])
    }

    @Test func aBrokenLineIsNamedWithItsFileAndLine() throws {
        let result = try load(["nodes.jsonl": #"{"key":"a","value":"1"}"# + "\n" + #"{"key":"b""#])
        guard case .failure(let error) = result else {
            Issue.record("a broken line was read")
            return
        }
        #expect(error.file.hasSuffix("/nodes.jsonl"))
        #expect(error.line == 2)
        #expect("\(error)".contains("nodes.jsonl:2: "))
    }

    @Test func aKeyThatStandsTwiceIsAnErrorThatNamesBothPlaces() throws {
        let line = #"{"key":"a","value":"1"}"#
        guard case .failure(let error) = try load(["a.jsonl": line, "b.jsonl": line]) else {
            Issue.record("a key was read twice")
            return
        }
        #expect(error.file.hasSuffix("/b.jsonl"))
        #expect(error.message.contains("a.jsonl:1"))
    }

    @Test func aMissingDirectoryIsAnErrorThatNamesIt() {
        let error = #expect(throws: StateDirectoryError.self) { try StateDirectory("/nowhere/at-all").load() }
        #expect(error?.file == "/nowhere/at-all")
        #expect(error.map { "\($0)" }?.contains("does not exist") == true)
    }

    @Test func aFileThatIsNotTextIsAnError() throws {
        let directory = try TemporaryDirectory()
        try Data([0x7B, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: directory.path + "/x.jsonl"))
        let error = #expect(throws: StateDirectoryError.self) { try StateDirectory(directory.path).load() }
        #expect(error?.message == "the file is not UTF-8")
    }
}

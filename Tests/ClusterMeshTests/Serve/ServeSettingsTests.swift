import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct ServeSettingsTests {
    private func settings(_ yaml: String, file: String = "mesh.yaml") throws -> ServeSettings {
        try ServeSettings(yaml: yaml, file: file)
    }

    private func fault(_ yaml: String) -> String? {
        do {
            _ = try ServeSettings(yaml: yaml, file: "mesh.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    @Test func textsAndListsAreReadWithTheirLines() throws {
        let settings = try settings(
            """
            # who we are
            name: athens
            id: 1

            read:
              - cn:bench=*
              - "cn:other=cilium/state/*"
            write: [cn:admin, cn:root]
            allow-cache-writes: true
            """)
        #expect(settings[.name] == [.init(text: "athens", place: .line(2, file: "mesh.yaml"))])
        #expect(settings[.id].map(\.text) == ["1"])
        #expect(settings[.read].map(\.text) == ["cn:bench=*", "cn:other=cilium/state/*"])
        #expect(settings[.read].map(\.place) == [.line(6, file: "mesh.yaml"), .line(7, file: "mesh.yaml")])
        #expect(settings[.write].map(\.text) == ["cn:admin", "cn:root"])
        #expect(settings[.allowCacheWrites].map(\.text) == ["true"])
        #expect(settings[.listen].isEmpty)
        #expect(settings.file == "mesh.yaml")
    }

    @Test func oneValueOfAListNeedsNoList() throws {
        #expect(try settings("follow: https://etcd:2379")[.follow].map(\.text) == ["https://etcd:2379"])
    }

    @Test(arguments: ["", "# nothing but words\n", "---\n"])
    func aFileOfCommentsSetsNothing(_ yaml: String) throws {
        let settings = try settings(yaml)
        #expect(ServeKey.allCases.allSatisfy { settings[$0].isEmpty })
    }

    @Test func aRelativePathIsMeantBesideTheFile() throws {
        let yaml = "cert: tls/server.crt\nkey: /abs/server.key\nlisten: 127.0.0.1:1\n"
        let beside = try settings(yaml, file: "/etc/mesh/mesh.yaml")
        #expect(beside[.certificate].map(\.text) == ["/etc/mesh/tls/server.crt"])
        #expect(beside[.key].map(\.text) == ["/abs/server.key"])
        #expect(beside[.listen].map(\.text) == ["127.0.0.1:1"])
        #expect(try settings(yaml)[.certificate].map(\.text) == ["tls/server.crt"])
    }

    @Test(arguments: [
        ("name: a\nlsten: x", "mesh.yaml:2: lsten: there is no such setting; did you mean 'listen'?"),
        ("colour: red", "mesh.yaml:1: colour: there is no such setting"),
        ("name: a\nid: 1\nname: b", "mesh.yaml:3: name: it is set twice; keep one of them"),
        ("name:\n  first: a", "mesh.yaml:1: name: expected one text"),
        ("name: [a, b]", "mesh.yaml:1: name: expected one text, not a list"),
        ("read:\n  - cn:a=*\n  - [cn:b=*]", "mesh.yaml:3: read: expected texts"),
        ("read:\n  cn:a: all", "mesh.yaml:1: read: expected a text or a list of texts"),
        ("id: 1\nread: []", "mesh.yaml:2: read: the list is empty; remove the key"),
        ("name:\nid: 1", "mesh.yaml:1: name: there is no value"),
        ("name: ~", "mesh.yaml:1: name: there is no value"),
        ("id: 1\nread:\n  - cn:a=*\n  -", "mesh.yaml:4: read: there is no value"),
        ("- name", "mesh.yaml:1: expected lines of 'key: value'"),
        ("just words", "mesh.yaml:1: expected lines of 'key: value'"),
        ("[a]: b", "mesh.yaml:1: a key must be a word"),
    ])
    func whatIsWrongIsNamedWithFileLineAndKey(_ yaml: String, _ expected: String) {
        #expect(fault(yaml) == expected)
    }

    @Test(arguments: ["name: \"open", "name: a\n  id: 1", "name: [a", "a: *none", "\tname: a", "---\na: 1\n---\nb: 1"])
    func whatIsNoYAMLIsNamedWithFileAndLine(_ yaml: String) {
        #expect(fault(yaml)?.hasPrefix("mesh.yaml:") == true)
        #expect(fault(yaml)?.contains("this is not YAML: ") == true, "\(fault(yaml) ?? "read")")
    }

    @Test func deeplyNestedListsAreRefused() {
        #expect(fault(String(repeating: "[", count: 100_000))?.contains("this is not YAML") == true)
    }

    @Test func aListHasABound() {
        let entries = (0...ServeSettings.maximumValues).map { "  - cn:a\($0)=*" }.joined(separator: "\n")
        #expect(
            fault("read:\n" + entries) == "mesh.yaml:1: read: the list has 257 entries; at most 256 are possible")
    }

    @Test func aFileIsReadAsItsText() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("name: athens\n", to: "mesh.yaml")
        #expect(try ServeSettings(readingFile: path)[.name].map(\.text) == ["athens"])
    }

    @Test func aFileThatIsMissingOrTooLargeIsNamed() throws {
        let directory = try TemporaryDirectory()
        let missing = #expect(throws: ServeConfigurationError.self) {
            try ServeSettings(readingFile: directory.file("none"))
        }
        #expect(missing?.description == directory.file("none") + ": it does not exist")
        let large = try directory.write(
            String(repeating: "#", count: ServeSettings.maximumFileBytes + 1), to: "large.yaml")
        let error = #expect(throws: ServeConfigurationError.self) { try ServeSettings(readingFile: large) }
        #expect(error?.description.hasPrefix("\(large): the file has more than 262144 bytes") == true)
    }

    @Test func aFlagWinsOverTheFileAListAsAWhole() throws {
        var flags = ServeSettings()
        flags.setFlag(.name, ["hurup"])
        flags.setFlag(.read, ["cn:b=*"])
        flags.setFlag(.write, [])
        let merged = flags.over(try settings("name: athens\nid: 1\nread: [cn:a=*, cn:c=*]\nwrite: cn:w"))
        #expect(merged[.name] == [.init(text: "hurup", place: .flag)])
        #expect(merged[.id].map(\.text) == ["1"])
        #expect(merged[.read].map(\.text) == ["cn:b=*"])
        #expect(merged[.write].map(\.text) == ["cn:w"])
        #expect(merged.file == "mesh.yaml")
    }

    @Test func differencesAreOfTextsNotOfPlaces() throws {
        let old = try settings("name: athens\nid: 1\nread: cn:a=*")
        let new = try settings("\n\nid: 2\nname: athens\nread: [cn:a=*, cn:b=*]")
        #expect(new.differences(to: old) == [.id, .read])
        #expect(old.differences(to: old).isEmpty)
    }

    @Test func aFaultOfAFlagNamesTheFlag() {
        let error = ServeConfigurationError("wrong", .localListen, .init(text: "x", place: .flag))
        #expect(error.description == "--local-listen: wrong")
    }
}

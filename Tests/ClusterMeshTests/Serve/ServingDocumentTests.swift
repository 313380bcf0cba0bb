import Foundation
import Testing

@testable import ClusterMesh

/// The page *Serving* says what the code does.
@Suite struct ServingDocumentTests {
    private func document() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = root.appendingPathComponent("Sources/ClusterMesh/ClusterMesh.docc/Serving.md")
        return try String(contentsOf: page, encoding: .utf8)
    }

    /// The first columns of the table's rows.
    private func settings(_ document: String) -> [String] {
        let rows = document.components(separatedBy: "## What is promised")[0].split(separator: "\n")
            .filter { $0.hasPrefix("| `") }
        return rows.flatMap { row in
            row.split(separator: "|")[0].split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
        }
    }

    @Test func everySettingStandsInItsTable() throws {
        #expect(Set(settings(try document())) == Set(ServeKey.allCases.map(\.rawValue)))
    }

    @Test func itsExampleIsAConfiguration() throws {
        let example = try document().components(separatedBy: "```yaml\n")[1].components(separatedBy: "```")[0]
        let configuration = try ServeConfiguration(try ServeSettings(yaml: example, file: "/etc/mesh/mesh.yaml"))
        #expect(configuration.name.rawValue == "athens")
        #expect(configuration.certificate == "/etc/mesh/pki/server.crt")
        #expect(configuration.readers.count == 2)
    }

    @Test func itsBoundsAreTheCodes() throws {
        let document = try document()
        #expect(document.contains("at most 256 KiB"))
        #expect(ServeSettings.maximumFileBytes == 256 << 10)
        #expect(document.contains("at most 256 entries"))
        #expect(ServeSettings.maximumValues == 256)
        #expect(document.contains("a state file at most 64 MiB"))
        #expect(StateDirectory.maximumFileBytes == 64 << 20)
    }
}

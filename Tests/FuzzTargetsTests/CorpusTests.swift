import Foundation
import FuzzTargets
import Testing

/// The small corpus of inputs that fuzzing found worth keeping, run as ordinary tests.
@Suite struct CorpusTests {
    private static func corpus(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let directory = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/fuzz/\(target)")
        return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
            .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func everyInputOfTheCorpusPasses(_ target: FuzzTarget) throws {
        let inputs = try Self.corpus(of: target)
        #expect(inputs.count > 20, "the corpus of \(target) is not there")
        for input in inputs {
            #expect(throws: Never.self, "\(target)/\(input.name)") { try target.run(input.bytes) }
        }
    }
}

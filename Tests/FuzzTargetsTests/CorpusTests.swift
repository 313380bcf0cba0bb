import Foundation
import FuzzTargets
import TestSupport
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

/// What fuzzing does, without the guidance that finds new paths: as good as any other input where a target has changed.
@Suite struct RandomInputTests {
    @Test(arguments: FuzzTarget.allCases)
    func everyRandomInputPasses(_ target: FuzzTarget) async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<150 {
                let count = Int.random(in: 0..<1_500, using: &numbers)
                let input = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &numbers) }
                #expect(throws: Never.self, "\(target): \(input)") { try target.run(input) }
            }
        }
    }
}

import Foundation
import Testing

@testable import micro_bench

@Suite struct ThresholdFileTests {
    private func withFile(_ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("thresholds-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path)
    }

    @Test func whatIsWrittenIsReadRounded() throws {
        try withFile { path in
            let costs = [
                "a": Cost(allocations: 1.23456, instructions: 1_000.4, processorNanoseconds: 99.99),
                "b": Cost(allocations: 0, instructions: nil, processorNanoseconds: 5),
            ]
            try ThresholdFile.write(Thresholds(referenceNanoseconds: 271.828, costs: costs), to: path)
            let read = try ThresholdFile.read(path)
            #expect(read.referenceNanoseconds == 271.8)
            #expect(read.costs["a"] == Cost(allocations: 1.235, instructions: 1_000, processorNanoseconds: 100))
            #expect(read.costs["b"] == costs["b"])
        }
    }

    @Test func aMissingFileSaysWhatToDo() throws {
        let error = try #require(throws: UnexpectedResult.self) {
            try ThresholdFile.read("/nonexistent/thresholds.json")
        }
        #expect(error.description.contains("--update-thresholds"))
    }

    @Test func aFileThatCannotBeComparedWithIsRefused() throws {
        try withFile { path in
            for text in ["", "[]", #"{"referenceNanoseconds": 0, "costs": {}}"#] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                #expect(throws: UnexpectedResult.self) { try ThresholdFile.read(path) }
            }
        }
    }

    @Test func theCommittedThresholdsCoverEveryBenchmark() throws {
        let thresholds = try ThresholdFile.read(ThresholdFile.standardPath)
        #expect(Set(thresholds.costs.keys) == Set(MicroBenchmark.all.map(\.name)))
    }
}

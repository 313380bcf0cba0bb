import MeshCore
import TestSupport
import Testing

@Suite struct SplitMix64Tests {
    /// The first numbers of the seed 1234567, as published with the reference implementation in C.
    @Test func followsTheReference() {
        var numbers = SplitMix64(seed: 1_234_567)
        let first = (0..<5).map { _ in numbers.next() }
        #expect(
            first == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ]
        )
    }

    @Test func anIssueNamesItsSeed() async throws {
        let comments = Locked<[String]>([])
        let collector = IssueHandlingTrait.compactMapIssues { issue in
            comments.withLock { $0 += issue.comments.map(\.rawValue) }
            return nil
        }
        try await collector.provideScope(for: #require(Test.current), testCase: Test.Case.current) {
            try await withRandomNumbers { _ in Issue.record("on purpose") }
        }
        let said = comments.withLock { $0 }
        #expect(said.first == "on purpose")
        #expect(said.last?.contains("\(seedVariable)=") == true)
    }

    @Test func anErrorNamesItsSeed() async throws {
        await #expect {
            try await withRandomNumbers { _ in throw CancellationError() }
        } throws: { error in
            "\(error)".contains("\(seedVariable)=") && "\(error)".contains("CancellationError")
        }
    }
}

import TestSupport
import Testing

@Suite struct EventuallyTests {
    @Test func looksUntilTheConditionHolds() async throws {
        var looks = 0
        try await eventually {
            looks += 1
            return looks == 4
        }
        #expect(looks == 4)
    }

    @Test func recordsAnIssueWhenTheTimeIsUp() async throws {
        try await withKnownIssue {
            try await eventually(within: .milliseconds(10), "the impossible") { false }
        } matching: { issue in
            "\(issue)".contains("the impossible")
        }
    }

    @Test func anErrorEndsTheWait() async {
        await #expect(throws: CancellationError.self) {
            try await eventually(within: .seconds(60)) { throw CancellationError() }
        }
    }

    @Test func anOperationThatTakesTooLongIsCancelled() async throws {
        await #expect(throws: DeadlineError.self) {
            try await within(.milliseconds(10), "sleep") { try await Task.sleep(for: .seconds(60)) }
        }
        #expect(try await within(.seconds(60)) { 5 } == 5)
    }
}

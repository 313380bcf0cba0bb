public import Testing

/// A wait that ended without what it waited for.
public struct DeadlineError: Error, CustomStringConvertible {
    /// What was waited for, and for how long.
    public var description: String
}

/// Waits until `condition` holds, looking again every few milliseconds; records an issue and throws if it does not
/// hold in time.
///
/// An error that `condition` throws ends the wait at once.
public func eventually(
    within limit: Duration = .seconds(30),
    _ what: @autoclosure () -> String = "the condition",
    isolation: isolated (any Actor)? = #isolation,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var pause = Duration.milliseconds(1)
    while try await !condition() {
        guard clock.now < deadline else {
            let error = DeadlineError(description: "\(what()) did not come about within \(limit)")
            Issue.record(error, sourceLocation: sourceLocation)
            throw error
        }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(20))
    }
}

/// Runs `body` and throws ``DeadlineError``, after cancelling it, if it takes longer than `limit`.
///
/// `body` must answer to cancellation: its end is waited for.
public func within<Result: Sendable>(
    _ limit: Duration,
    _ what: String = "the operation",
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else {
            throw DeadlineError(description: "\(what) did not end within \(limit)")
        }
        return result
    }
}

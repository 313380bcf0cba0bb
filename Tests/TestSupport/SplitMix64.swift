internal import Foundation
internal import Testing

/// A small random generator whose whole sequence follows from its seed (Steele, Lea and Flood: "Fast Splittable
/// Pseudorandom Number Generators", 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence of `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// An error out of ``withRandomNumbers(_:)``, with the seed that brings it about again.
public struct RandomNumbersError: Error, CustomStringConvertible {
    /// The seed.
    public let seed: UInt64
    /// The error.
    public let error: any Error

    public var description: String { "\(error) (run again with \(seedVariable)=\(seed))" }
}

/// The variable of the environment that fixes the seed, in decimal or as `0x…`.
public let seedVariable = "MESH_TEST_SEED"

/// Runs `body` with random numbers: of a new seed at each run, or of the one in `MESH_TEST_SEED`.
///
/// Every issue that `body` records, and every error it throws, is reported with the seed that brings it about again.
/// With `MESH_TEST_ROUNDS` it runs that often, each time with a seed of its own.
public func withRandomNumbers(
    _ body: @escaping @Sendable (inout SplitMix64) async throws -> Void
) async throws {
    if let seed = number(seedVariable) { return try await run(body, seed: seed) }
    for _ in 0..<max(1, number(roundsVariable) ?? 1) {
        try await run(body, seed: .random(in: .min ... .max))
    }
}

/// The variable of the environment that says how often a random test runs.
public let roundsVariable = "MESH_TEST_ROUNDS"

private func run(
    _ body: @escaping @Sendable (inout SplitMix64) async throws -> Void,
    seed: UInt64
) async throws {
    @Sendable @concurrent func run() async throws {
        var numbers = SplitMix64(seed: seed)
        do {
            try await body(&numbers)
        } catch {
            throw RandomNumbersError(seed: seed, error: error)
        }
    }
    guard let test = Test.current else { return try await run() }
    let namesTheSeed = IssueHandlingTrait.compactMapIssues { issue in
        var issue = issue
        issue.comments.append("run again with \(seedVariable)=\(seed)")
        return issue
    }
    try await namesTheSeed.provideScope(for: test, testCase: Test.Case.current, performing: run)
}

private func number(_ variable: String) -> UInt64? {
    guard let text = ProcessInfo.processInfo.environment[variable] else { return nil }
    return text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
}

// FuzzTargets: what fuzzing runs, as functions of bytes.
//
// `make fuzz` has libFuzzer call them with inputs that reach ever more of the code; the tests call them with the small
// corpus of Fixtures/fuzz. A function throws what it found; a crash is a finding, too.

/// A promise that an input broke.
public struct FuzzFinding: Error, CustomStringConvertible {
    /// What happened, and what should have.
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What fuzzing runs.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// The codecs of etcd's messages.
    case wire
    /// The session of a stream of watches, with the store and the shared segments behind it.
    case session

    /// Runs one input.
    public func run(_ input: [UInt8]) throws(FuzzFinding) {
        switch self {
        case .wire: try WireFuzzing.run(input)
        case .session: try SessionFuzzing.run(input)
        }
    }
}

/// What one operation costs.
struct Cost: Codable, Hashable {
    /// How many allocations it makes: the same on every machine.
    var allocations: Double

    /// How many user-space instructions it takes; `nil` where the machine does not count them.
    var instructions: Double?

    /// The processor time that it takes, in nanoseconds: different from machine to machine, and under load.
    var processorNanoseconds: Double

    /// How many bytes it keeps; `nil` where that is not measured.
    var keptBytes: Double?
}

/// What the costs of a run of all benchmarks are compared with: the costs of an earlier one.
struct Thresholds: Codable, Hashable {
    /// The processor time, in nanoseconds, of one unit of a fixed work on the machine of the thresholds: tells how fast
    /// that machine was.
    var referenceNanoseconds: Double

    /// The costs, by the benchmarks' names.
    var costs: [String: Cost]
}

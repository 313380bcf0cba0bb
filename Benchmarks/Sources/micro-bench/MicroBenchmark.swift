/// A piece of work whose cost is measured.
struct MicroBenchmark {
    /// What thresholds know it by, as `module.what`.
    let name: String

    /// How often one run does what the cost is of.
    let operations: Int

    /// Makes what the work needs, and returns the work: one run of it.
    let prepare: () throws -> () throws -> Void

    /// Whether each run needs things of its own, because it changes them. Making them is not measured.
    let isPreparedForEachRun: Bool

    /// - Parameter prepare: makes what the work needs; it is called once, or before every run.
    init(
        _ name: String,
        operations: Int,
        freshEachRun: Bool = false,
        _ prepare: @escaping () throws -> () throws -> Void
    ) {
        self.name = name
        self.operations = operations
        isPreparedForEachRun = freshEachRun
        self.prepare = prepare
    }
}

/// Something that a benchmark took for granted is not so: its figures would mean nothing.
struct UnexpectedResult: Error, CustomStringConvertible {
    let description: String
}

/// Throws if what a benchmark takes for granted is not so.
func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    guard holds else { throw UnexpectedResult(description: what()) }
}

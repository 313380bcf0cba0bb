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

    /// Does the work once more and answers how many bytes it keeps, per operation; `nil` where that says nothing.
    let keptBytes: (() throws -> Double)?

    /// - Parameter prepare: makes what the work needs; it is called once, or before every run.
    /// - Parameter keptBytes: measures what the work keeps, where that counts.
    init(
        _ name: String,
        operations: Int,
        freshEachRun: Bool = false,
        _ prepare: @escaping () throws -> () throws -> Void,
        keeping keptBytes: (() throws -> Double)? = nil
    ) {
        self.name = name
        self.operations = operations
        isPreparedForEachRun = freshEachRun
        self.keptBytes = keptBytes
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

/// Why a benchmark could not be run, or its result is none.
struct BenchmarkError: Error, CustomStringConvertible {
    /// What happened, and what to do about it.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

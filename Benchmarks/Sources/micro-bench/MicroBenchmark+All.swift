extension MicroBenchmark {
    /// Every benchmark, in the order in which they run.
    static var all: [MicroBenchmark] { store + cursors + fanOut + wire + records + views + pipeline }
}

internal import BenchmarkSupport
internal import CCounters

/// Measures benchmarks on the calling thread.
struct Measurer {
    /// How often each benchmark runs, beside once to warm up.
    let rounds: Int

    /// Whether the machine counts instructions.
    let countsInstructions: Bool

    /// Begins to count; all measurements must happen on the thread of this call.
    init(rounds: Int) {
        self.rounds = rounds
        countsInstructions = instructions_open()
    }

    /// What a benchmark costs: of each figure the smallest of all rounds, as other programs can only add to it.
    func measure(_ benchmark: MicroBenchmark) throws -> (cost: Cost, processorTime: RoundStatistics) {
        var work = try benchmark.prepare()
        try work()
        var readings: [Reading] = []
        for _ in 0..<max(1, rounds) {
            if benchmark.isPreparedForEachRun { work = try benchmark.prepare() }
            let start = Reading.now
            try work()
            readings.append(Reading.now - start)
        }
        func perOperation(_ figure: KeyPath<Reading, UInt64>) -> [Double] {
            readings.map { Double($0[keyPath: figure]) / Double(benchmark.operations) }
        }
        let times = perOperation(\.processorTime)
        guard let statistics = RoundStatistics(times) else {
            throw UnexpectedResult(description: "\(benchmark.name) was not run")
        }
        let cost = Cost(
            allocations: perOperation(\.allocations).min() ?? 0,
            instructions: countsInstructions ? perOperation(\.instructions).min() : nil,
            processorNanoseconds: times.min() ?? 0,
            keptBytes: try benchmark.keptBytes?()
        )
        return (cost, statistics)
    }

    /// The processor time that a unit of a fixed work takes now: it tells how fast the machine is.
    func measureReference() -> Double {
        let units: UInt64 = 20_000
        var shortest = UInt64.max
        for round in 0..<max(3, rounds) {
            let start = MonotonicTime.threadProcessorTime
            _ = reference_work(units + UInt64(round))
            shortest = min(shortest, MonotonicTime.threadProcessorTime - start)
        }
        return Double(shortest) / Double(units)
    }

    /// What the thread has done so far.
    private struct Reading {
        var processorTime: UInt64
        var instructions: UInt64
        var allocations: UInt64

        static var now: Reading {
            Reading(
                processorTime: MonotonicTime.threadProcessorTime,
                instructions: counted_instructions(),
                allocations: counted_allocations()
            )
        }

        static func - (end: Reading, start: Reading) -> Reading {
            Reading(
                processorTime: end.processorTime - start.processorTime,
                instructions: end.instructions - start.instructions,
                allocations: end.allocations - start.allocations
            )
        }
    }
}

internal import ArgumentParser
internal import BenchmarkSupport
internal import Foundation

/// Measures what the parts cost, each for itself, and compares that with committed thresholds.
@main
struct MicroBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micro-bench",
        abstract: "What the engines cost per operation, compared with committed thresholds.",
        discussion: """
            Allocations are compared on every machine; user-space instructions where the machine counts them; processor \
            time, scaled and with a wide margin, where it does not. Ends with 1 if anything exceeds its threshold.
            """
    )

    @Option(help: "Run only the benchmarks whose name begins like this.")
    var filter = ""

    @Option(help: "How often each benchmark runs.")
    var rounds = 9

    @Option(help: "The file with the thresholds.")
    var thresholds = ThresholdFile.standardPath

    @Flag(help: "Write this run's costs as the thresholds, instead of comparing.")
    var updateThresholds = false

    func validate() throws {
        guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000") }
        guard !updateThresholds || filter.isEmpty else {
            throw ValidationError("--update-thresholds writes all thresholds: leave --filter out")
        }
    }

    func run() throws {
        let benchmarks = MicroBenchmark.all.filter { $0.name.hasPrefix(filter) }
        guard !benchmarks.isEmpty else { throw ValidationError("no benchmark's name begins with '\(filter)'") }
        let measurer = Measurer(rounds: rounds)
        print("per operation; processor time: the smallest, and the median of \(rounds) rounds")
        if !measurer.countsInstructions { print("this machine does not count instructions") }

        var costs: [String: Cost] = [:]
        for benchmark in benchmarks {
            let (cost, times) = try measurer.measure(benchmark)
            costs[benchmark.name] = cost
            print(Self.line(benchmark.name, cost, times))
        }
        let reference = measurer.measureReference()
        if updateThresholds {
            try ThresholdFile.write(Thresholds(referenceNanoseconds: reference, costs: costs), to: thresholds)
            return print("wrote \(thresholds)")
        }
        let check = ThresholdCheck(try ThresholdFile.read(thresholds), referenceNanoseconds: reference)
        let faults = check.faults(in: costs, isComplete: filter.isEmpty)
        for fault in faults { FileHandle.standardError.write(Data("micro-bench: \(fault)\n".utf8)) }
        guard faults.isEmpty else { throw ExitCode(1) }
        print("\(costs.count) benchmarks are within their thresholds")
    }

    private static func line(_ name: String, _ cost: Cost, _ times: RoundStatistics) -> String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let label = name + String(repeating: " ", count: max(1, 34 - name.count))
        let instructions = cost.instructions.map { "\($0.short) instructions" } ?? ""
        return label + right("\(cost.processorNanoseconds.short) ns", 12) + right("(\(times.median.short))", 12)
            + right("\(cost.allocations.short) allocations", 22) + right(instructions, 22)
            + right(cost.keptBytes.map { "keeps \($0.short) B" } ?? "", 16)
    }
}

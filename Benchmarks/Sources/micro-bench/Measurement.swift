import Glibc

/// What a piece of work costs: the median over rounds of the thread's CPU time, which other programs disturb least.
struct Measurement {
    let name: String
    let nanosecondsPerOperation: Double
    let spread: ClosedRange<Double>

    /// Runs `work` once to warm up and then `rounds` times; each run does `operations` of what is measured.
    init(_ name: String, operations: Int, rounds: Int = 9, _ work: () throws -> Void) rethrows {
        try work()
        var costs: [Double] = []
        for _ in 0..<rounds {
            let start = Self.cpuTime()
            try work()
            costs.append(Double(Self.cpuTime() - start) / Double(operations))
        }
        costs.sort()
        self.name = name
        nanosecondsPerOperation = costs[costs.count / 2]
        spread = costs[0]...costs[costs.count - 1]
    }

    private static func cpuTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    var line: String {
        func column(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func readable(_ nanoseconds: Double) -> String {
            nanoseconds < 1000 ? "\(Int(nanoseconds)) ns" : "\((nanoseconds / 10).rounded() / 100) µs"
        }
        let name = name + String(repeating: " ", count: max(0, 52 - name.count))
        let range = "\(readable(spread.lowerBound))…\(readable(spread.upperBound))"
        return name + column(readable(nanosecondsPerOperation), 11) + "  " + column(range, 24)
    }
}

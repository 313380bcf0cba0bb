/// Compares the costs of a run with thresholds.
///
/// What is compared is what a machine's load and clock do not change: allocations everywhere, and instructions where the
/// machine counts them and the thresholds have them. Where one of the two is missing, processor time takes the place of
/// instructions: scaled by how fast the machine did a fixed work in the same run, and with a wide margin, so that it finds
/// only what became several times slower. The time on the clock is never compared.
struct ThresholdCheck {
    /// How far over their threshold instructions may be: compilers and libraries differ by a few in a hundred.
    static let instructionMargin = 1.15

    /// How far over their threshold allocations may be, beside one in fifty operations: growing tables fall differently.
    static let allocationMargin = 1.05
    static let allocationSlack = 0.02

    /// How far over their threshold kept bytes may be: tables grow in steps.
    static let keptBytesMargin = 1.1

    /// How far over its scaled threshold processor time may be: caches and neighbours on a shared machine make it
    /// nearly twice itself.
    static let processorTimeMargin = 3.0

    let thresholds: Thresholds

    /// How long the fixed work took in this run, against the time it took in the thresholds'.
    let machineFactor: Double

    init(_ thresholds: Thresholds, referenceNanoseconds: Double) {
        self.thresholds = thresholds
        machineFactor = referenceNanoseconds / thresholds.referenceNanoseconds
    }

    /// What exceeds its threshold, one sentence each; what has none exceeds it, too.
    ///
    /// - Parameter isComplete: whether all benchmarks ran, so that a threshold without a cost is a mistake.
    func faults(in costs: [String: Cost], isComplete: Bool) -> [String] {
        var faults: [String] = []
        for (name, cost) in costs.sorted(by: { $0.key < $1.key }) {
            guard let threshold = thresholds.costs[name] else {
                faults.append("\(name) has no threshold: run with --update-thresholds and commit the file")
                continue
            }
            faults += excesses(of: cost, over: threshold).map { "\(name) \($0)" }
        }
        if isComplete {
            for name in thresholds.costs.keys.sorted() where costs[name] == nil {
                faults.append("\(name) has a threshold, but no such benchmark exists: run with --update-thresholds")
            }
        }
        return faults
    }

    private func excesses(of cost: Cost, over threshold: Cost) -> [String] {
        var excesses: [String] = []
        func compare(_ what: String, _ value: Double, _ threshold: Double, limit: Double) {
            guard value > limit else { return }
            excesses.append(
                "takes \(value.short) \(what), at most \(limit.short) are allowed (threshold \(threshold.short))")
        }
        compare(
            "allocations",
            cost.allocations,
            threshold.allocations,
            limit: threshold.allocations * Self.allocationMargin + Self.allocationSlack
        )
        if let kept = cost.keptBytes, let allowed = threshold.keptBytes {
            compare("bytes in memory", kept, allowed, limit: allowed * Self.keptBytesMargin)
        }
        if let instructions = cost.instructions, let allowed = threshold.instructions {
            compare("instructions", instructions, allowed, limit: allowed * Self.instructionMargin)
        } else {
            let scaled = threshold.processorNanoseconds * machineFactor
            compare(
                "ns of processor time",
                cost.processorNanoseconds,
                scaled,
                limit: scaled * Self.processorTimeMargin
            )
        }
        return excesses
    }
}

extension Double {
    /// Three significant digits, without an exponent.
    var short: String {
        guard isFinite else { return "\(self)" }
        var scale = 1.0
        while abs(self) * scale < 100, scale < 1_000 { scale *= 10 }
        let rounded = (self * scale).rounded() / scale
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}

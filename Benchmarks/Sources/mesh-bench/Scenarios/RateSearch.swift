/// Looks for the highest rate that is sustained, by steps of 10 %.
///
/// First the rate is doubled in brief steps until one is not kept, then the steps of 10 % between the last two are tried
/// at full length, the middle one first. What is found was kept at full length, and the next step was not, at its first
/// try or its second. Example, for a server that keeps 1,000: brief steps of 200, 400, 800 and 1,600, then full ones of
/// 1,171 (twice), 968, 1,065 (twice): 968.
struct RateSearch: Hashable, Sendable {
    /// One rate to try.
    struct Step: Hashable, Sendable {
        /// Puts per second.
        var rate: Double
        /// Whether it only has to show where to look.
        var isBrief: Bool
    }

    /// From one step to the next.
    static let factor = 1.1
    /// How often a rate is tried before it counts as not kept.
    static let tries = 2
    /// Below this rate nothing is looked for.
    static let lowest = 1.0
    /// The number of steps of 10 % in a doubling, and one more: 1.1⁸ = 2.14.
    private static let stepsOfDoubling = 8

    private enum Phase: Hashable {
        case doubling(rate: Double, kept: Double?, missed: Double?)
        case refining(base: Double)
        case finished
    }

    private var phase: Phase
    private var base = 0.0
    /// The steps, counted from the base, that bound what is looked for: brief ones showed, or full ones proved.
    private var lower = 0
    private var upper = RateSearch.stepsOfDoubling
    private var isLowerProved = false
    private var isUpperProved = false
    private var misses = 0

    /// A search that begins with this rate.
    init(from rate: Double) {
        phase = .doubling(rate: max(Self.lowest, rate), kept: nil, missed: nil)
    }

    /// The highest rate that was kept at full length; `nil` while the search goes on, and if there is none.
    var sustained: Double? { phase == .finished && isLowerProved ? rate(lower) : nil }

    /// What to try next; `nil` when the search is over.
    var next: Step? {
        switch phase {
        case .doubling(let rate, _, _): Step(rate: rate, isBrief: true)
        case .refining: Step(rate: rate(candidate), isBrief: false)
        case .finished: nil
        }
    }

    /// The step that was next has ended.
    mutating func ended(kept: Bool) {
        switch phase {
        case .doubling(let rate, let formerlyKept, let formerlyMissed):
            let keptRate = kept ? rate : formerlyKept
            let missedRate = kept ? formerlyMissed : rate
            switch (keptRate, missedRate) {
            case (let keptRate?, .some): refine(from: keptRate)
            case (let keptRate?, nil): phase = .doubling(rate: keptRate * 2, kept: keptRate, missed: nil)
            case (nil, let missedRate?):
                // Also the first rate was too much.
                if missedRate <= Self.lowest {
                    phase = .finished
                } else {
                    phase = .doubling(rate: max(Self.lowest, missedRate / 2), kept: nil, missed: missedRate)
                }
            case (nil, nil): preconditionFailure("a step was neither kept nor missed")
            }
        case .refining:
            refined(kept: kept)
        case .finished:
            preconditionFailure("a step ended after the search")
        }
    }

    private mutating func refine(from base: Double) {
        self.base = base
        phase = .refining(base: base)
    }

    private mutating func refined(kept: Bool) {
        let tried = candidate
        if !kept {
            misses += 1
            if misses < Self.tries { return }
        }
        misses = 0
        if kept {
            (lower, isLowerProved) = (tried, true)
            if tried >= upper { (upper, isUpperProved) = (tried + 1, false) }
        } else {
            (upper, isUpperProved) = (tried, true)
            if tried <= lower { (lower, isLowerProved) = (tried - 1, false) }
            if rate(lower) < Self.lowest { phase = .finished }
        }
        if isLowerProved, isUpperProved, upper == lower + 1 { phase = .finished }
    }

    /// The step to try: between the bounds, and then those of them that only brief steps showed.
    private var candidate: Int {
        if upper - lower > 1 { return (lower + upper) / 2 }
        return isLowerProved ? upper : lower
    }

    private func rate(_ step: Int) -> Double {
        var rate = base
        for _ in 0..<abs(step) { rate = step > 0 ? rate * Self.factor : rate / Self.factor }
        return rate
    }
}

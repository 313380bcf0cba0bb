internal import BenchmarkSupport

/// The highest rate of puts that writers keep and watchers follow, and what happens above it.
///
/// Sustained means: the writers keep the rate, nothing is lost, every watcher has its last event within a second of the
/// last put, and 99 of 100 events come within 250 ms.
struct SustainedRateScenario: Scenario {
    /// How much later than the last put the last event may come.
    static let patience: Duration = .seconds(1)
    /// How long 99 of 100 events may take, in nanoseconds.
    static let latencyBound: UInt64 = 250_000_000
    /// The overload, as a multiple of the sustained rate.
    static let overload = 1.5

    var name: String
    var title: String
    var isBrief: Bool
    var connections: Int
    /// Where the search begins, in puts per second.
    var firstRate: Double

    func applies(to server: ServerKind) -> Bool { true }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let load = try await FanOutLoad(
            server, with: client, context, writing: WriterLoad.Plan(),
            watching: WatchLoad.Plan(connections: connections)
        )
        var search = RateSearch(from: firstRate)
        var best: (rate: Double, outcome: FanOutLoad.Outcome)?
        while let step = search.next {
            let pace = context.pace
            let outcome = try await load.run(
                rate: step.rate, seconds: step.isBrief ? pace.briefStepSeconds : pace.fullStepSeconds,
                patience: Self.patience
            )
            let fault = Self.fault(of: outcome)
            context.tell("\(Int(step.rate)) puts/s\(step.isBrief ? ", briefly" : ""): \(fault ?? "kept")")
            if fault == nil, !step.isBrief, step.rate > best?.rate ?? 0 { best = (step.rate, outcome) }
            search.ended(kept: fault == nil)
            try await Self.settle(load, after: outcome)
        }
        guard let rate = search.sustained, let best, best.rate == rate else {
            await load.close()
            context.tell("no rate was sustained")
            return [Figure("sustained puts/s", 0, .perSecond)]
        }
        let over = try await load.run(rate: rate * Self.overload, seconds: context.pace.fullStepSeconds)
        await load.close()
        let sustained = [Figure("sustained puts/s", rate, .perSecond)] + best.outcome.figures
        return sustained + Self.figures(of: over, above: best.outcome)
    }

    /// Why a rate was not sustained; `nil` if it was.
    static func fault(of outcome: FanOutLoad.Outcome) -> String? {
        if !outcome.puts.keptRate { return "the writers made \(outcome.puts.puts) of \(outcome.puts.asked) puts" }
        if !outcome.isCaughtUp { return "watchers were more than \(patience) behind" }
        if !outcome.watched.isComplete { return "\(outcome.watched.lost) events were lost" }
        let p99 = outcome.watched.latencies.quantile(0.99) ?? 0
        return p99 <= latencyBound ? nil : "99 of 100 events came within \(Figure.text(Double(p99), .nanoseconds))"
    }

    /// Waits until the watchers have followed, or gives them up for new ones.
    private static func settle(_ load: FanOutLoad, after outcome: FanOutLoad.Outcome) async throws {
        if outcome.isCaughtUp, outcome.watched.isComplete { return }
        if outcome.watched.isComplete || outcome.watched.fault == nil {
            let rest = try await load.run(rate: nil, seconds: 0, patience: .seconds(20))
            if rest.isCaughtUp { return }
        }
        try await load.reconnect()
    }

    /// What an overload came to: whether everything arrived in the end, and how the writers fared.
    private static func figures(of over: FanOutLoad.Outcome, above sustained: FanOutLoad.Outcome) -> [Figure] {
        let names = ["puts/s", "put p50", "events/s", "event p99", "CPU/event", "peak RSS", "lost", "told compacted"]
        var figures = over.figures.filter { names.contains($0.name) }
        if let before = sustained.puts.latencies.quantile(0.5), let now = over.puts.latencies.quantile(0.5), before > 0
        {
            figures.append(Figure("put p50 ÷ sustained", Double(now) / Double(before), .times, isCompared: false))
        }
        return figures.prefixed("overload")
    }
}

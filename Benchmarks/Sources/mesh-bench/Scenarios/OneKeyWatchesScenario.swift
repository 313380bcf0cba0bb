/// Watches of one key each: what an event costs where there are few of them, and where there are many.
struct OneKeyWatchesScenario: Scenario {
    let name = "one-key-watches"
    let title =
        "10,000 watches of a key each on 100 connections, 1 % of the keys changing per second; beside 100 watches"
    let isBrief = true

    private static let connections = 100
    /// A hundredth of the larger number of keys; the same for the smaller, so that only the number of watches differs.
    private static let putsPerSecond = 100.0

    // The floor knows no keys.
    func applies(to server: ServerKind) -> Bool { server != .floor }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let few = try await run(server, client, context, prefix: "few/", watchesPerConnection: 1)
        let many = try await run(server, client, context, prefix: "many/", watchesPerConnection: 100)
        let cost = { (outcome: FanOutLoad.Outcome) in
            outcome.cost.server / Double(max(1, outcome.watched.events))
        }
        let ratio = Figure("CPU/event ÷ that of 100 watches", cost(many) / cost(few), .times, isCompared: false)
        let names = ["events/s", "event p50", "event p99", "CPU/event", "lost"]
        return many.figures + [ratio] + few.figures.filter { names.contains($0.name) }.prefixed("100 watches")
    }

    private func run(
        _ server: StartedServer, _ client: ClientKit, _ context: ScenarioContext, prefix: String,
        watchesPerConnection: Int
    ) async throws -> FanOutLoad.Outcome {
        let keys = Self.connections * watchesPerConnection
        let load = try await FanOutLoad(
            server, with: client, context,
            writing: WriterLoad.Plan(prefix: prefix, keys: keys, writers: 4, connections: 4),
            watching: WatchLoad.Plan(
                prefix: prefix, keys: .oneEach, connections: Self.connections,
                watchesPerConnection: watchesPerConnection
            )
        )
        try await load.warmUp(rate: Self.putsPerSecond)
        let outcome = try await load.run(rate: Self.putsPerSecond, seconds: context.pace.seconds)
        await load.close()
        return outcome
    }
}

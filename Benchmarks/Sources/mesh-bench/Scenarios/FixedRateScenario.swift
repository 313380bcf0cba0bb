/// Fan-out at a rate that does not depend on the server, or as fast as writers are answered.
struct FixedRateScenario: Scenario {
    var name: String
    var title: String
    var isBrief = true
    var connections: Int
    var watchesPerConnection = 1
    /// Puts per second; `nil` is as fast as they are answered, which is an overload.
    var rate: Double?
    /// How many put at the same time.
    var writers = 4

    func applies(to server: ServerKind) -> Bool { true }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let load = try await FanOutLoad(
            server, with: client, context,
            writing: WriterLoad.Plan(writers: writers, connections: min(4, writers)),
            watching: WatchLoad.Plan(connections: connections, watchesPerConnection: watchesPerConnection)
        )
        if rate != nil { try await load.warmUp(rate: rate) }
        let outcome = try await load.run(rate: rate, seconds: context.pace.seconds)
        await load.close()
        var figures = outcome.figures
        if watchesPerConnection > 1, let slowest = outcome.watched.slowestWatch {
            figures.append(Figure("slowest watch ÷ median", slowest, .times, isCompared: false))
        }
        return figures
    }
}

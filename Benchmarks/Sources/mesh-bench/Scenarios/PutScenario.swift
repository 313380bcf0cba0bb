internal import BenchmarkSupport

/// Puts as fast as they are answered, one at a time for each writer, with one watcher or none.
struct PutScenario: Scenario {
    var name: String
    var title: String
    var isBrief = true
    var writers: Int
    var connections: Int
    var isWatched: Bool

    func applies(to server: ServerKind) -> Bool { server != .replica }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        guard let endpoint = server.putting else { throw BenchmarkError("\(server.kind.rawValue) takes no puts") }
        let load = try await WriterLoad(
            WriterLoad.Plan(writers: writers, connections: connections), with: client, to: endpoint
        )
        let filled = try await load.fill()
        var watchers: WatchLoad?
        if isWatched {
            let plan = WatchLoad.Plan(connections: 1)
            watchers = try await WatchLoad(plan, with: client, to: server.watching, present: filled)
        }
        let warm = try await load.run(rate: nil, seconds: context.pace.warmUpSeconds)
        _ = try await watchers?.awaitAll(.revision(warm.lastRevision), within: .seconds(60))
        watchers?.restart()
        let meter = try LoadMeter(server)
        let puts = try await load.run(rate: nil, seconds: context.pace.seconds)
        let cost = try meter.end()
        if let bottleneck = cost.clientBottleneck { context.tell(bottleneck) }
        var figures: [Figure] = .puts(puts) + cost.server(per: Double(max(1, puts.puts)), "put")
        if let watchers {
            let goal = WatchLoad.Goal.revision(puts.lastRevision)
            _ = try await watchers.awaitAll(goal, within: .seconds(60))
            let watched = watchers.result(goal)
            figures += .quantiles(of: watched.latencies, "event", [0.5, 0.99])
            figures.append(Figure("lost", Double(watched.lost), .count, isCompared: false))
            await watchers.close()
        }
        return figures
    }
}

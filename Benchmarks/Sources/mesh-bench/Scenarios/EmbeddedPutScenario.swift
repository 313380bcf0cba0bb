internal import BenchmarkSupport

/// Puts inside the server's own process, with remote watchers of other keys, and then of these.
///
/// Only our server can be embedded: this is for comparing it with itself, and decides nothing.
struct EmbeddedPutScenario: Scenario {
    let name = "embedded-put"
    let title =
        "puts in process, one thread, 512 B over 10,000 keys, 100 remote watchers of another prefix; then of this one"
    let isBrief = true

    private static let connections = 100
    private static let prefix = "embedded/"

    private struct Written: Decodable {
        var puts: Int
        var seconds: Double
        var revision: Int64
    }

    func applies(to server: ServerKind) -> Bool { server == .ours }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        var figures: [Figure] = []
        for (place, watched) in ["elsewhere/", Self.prefix].enumerated() {
            // A few puts first: where the store is, and what a put costs where everything is warm.
            let present = try await write(server, seconds: 0.2, as: 2 * place)
            let plan = WatchLoad.Plan(prefix: watched, connections: Self.connections)
            let watchers = try await WatchLoad(plan, with: client, to: server.watching, present: present.revision)
            let meter = try LoadMeter(server)
            let written = try await write(server, seconds: context.pace.seconds, as: 2 * place + 1)
            let word = watched == Self.prefix ? "watched" : "unwatched"
            figures.append(Figure("\(word): puts/s", Double(written.puts) / written.seconds, .perSecond))
            let goal = WatchLoad.Goal.revision(watched == Self.prefix ? written.revision : present.revision)
            _ = try await watchers.awaitAll(goal, within: .seconds(10), whileEventsCome: true)
            let cost = try meter.end()
            let result = watchers.result(goal)
            if watched == Self.prefix {
                figures += [Figure].events(result, since: meter.start, cost).prefixed(word)
            }
            await watchers.close()
        }
        return figures
    }

    private func write(_ server: StartedServer, seconds: Double, as order: Int) async throws -> Written {
        try server.process.tell("write \(Self.prefix) 10000 512 \(seconds)")
        return try await server.process.line(Written.self, after: order, within: .seconds(seconds + 30))
    }
}

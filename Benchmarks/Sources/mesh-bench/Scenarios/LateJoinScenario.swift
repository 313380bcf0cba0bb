internal import BenchmarkSupport

/// Watchers that begin 100,000 revisions back: how soon they are up to date, and what that costs.
struct LateJoinScenario: Scenario {
    let name = "late-join"
    let title = "10 connections, each a watch that begins 100,000 revisions back"
    let isBrief = true

    private static let connections = 10
    private static let revisions: Int64 = 100_000

    // The floor has no history, and a replica only what it has seen: it has followed all the time here.
    func applies(to server: ServerKind) -> Bool { server != .floor }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let writers = try await WriterLoad(WriterLoad.Plan(), with: client, to: server.writing)
        let before = try await writers.fill()
        let puts = try await writers.run(rate: nil, puts: Int(Self.revisions))
        let last = WatchLoad.Goal.revision(puts.lastRevision)
        // One that begins at the end shows that the server has followed that far.
        let present = try await WatchLoad(
            WatchLoad.Plan(connections: 1, after: puts.lastRevision - 1), with: client, to: server.watching,
            present: puts.lastRevision - 1
        )
        guard try await present.awaitAll(last, within: .seconds(60)) else {
            throw BenchmarkError("\(server.kind.rawValue) does not tell the last put within a minute")
        }
        await present.close()
        let meter = try LoadMeter(server)
        let plan = WatchLoad.Plan(connections: Self.connections, after: before)
        let watchers = try await WatchLoad(plan, with: client, to: server.watching, present: before)
        let isThere = try await watchers.awaitAll(last, within: .seconds(60))
        let cost = try meter.end()
        let watched = watchers.result(last)
        if !isThere { context.tell("not all watchers were up to date within a minute") }
        if let fault = watched.fault { context.tell(fault) }
        if let bottleneck = cost.clientBottleneck { context.tell(bottleneck) }
        await watchers.close()
        let seconds = Double(watched.lastEventAt - min(watched.lastEventAt, meter.start)) / 1e9
        // How long ago the puts were says nothing about the server.
        let events = [Figure].events(watched, since: meter.start, cost).filter {
            !$0.name.hasPrefix("event p") && $0.name != "event max"
        }
        return [Figure("up to date after", seconds, .seconds)] + events
    }
}

internal import BenchmarkSupport

/// Very many connections that are held while little happens.
struct HeldConnectionsScenario: Scenario {
    let name = "10000-connections"
    let title = "10,000 connections, a watch each, 10 puts/s"
    let isBrief = false

    private static let connections = 10_000
    private static let putsPerSecond = 10.0

    func applies(to server: ServerKind) -> Bool { true }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let before = try await server.settledResidentBytes()
        let begun = MonotonicTime.now
        let cpuBefore = try server.processorTimes().own
        let load = try await FanOutLoad(
            server, with: client, context,
            writing: WriterLoad.Plan(writers: 1, connections: 1),
            watching: WatchLoad.Plan(connections: Self.connections)
        )
        let connected = Double(MonotonicTime.now - begun)
        let handshakes = Double(try server.processorTimes().own - cpuBefore)
        let idle = try await server.settledResidentBytes()
        let outcome = try await load.run(rate: Self.putsPerSecond, seconds: context.pace.seconds)
        await load.close()
        return outcome.figures + [
            Figure("until all are connected", connected, .nanoseconds, isCompared: false),
            Figure("CPU/connection", handshakes / Double(Self.connections), .nanoseconds),
            Figure("memory/connection", Double(idle - before) / Double(Self.connections), .bytes),
        ]
    }
}

internal import BenchmarkSupport
internal import MeshRPC

/// A client that lists many keys: what that costs the server, and what memory its answers take while they are sent.
struct ListScenario: Scenario {
    var name: String
    var title: String
    var isBrief = true
    /// The most pairs of an answer; 0 asks for all at once.
    var pageSize: Int64

    private static let keys = 100_000
    private static let prefix = "list/"
    /// The first list of all is the one whose memory is measured: later ones find what it has left behind.
    private static let lists = 5

    func applies(to server: ServerKind) -> Bool { true }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let channel = try await fill(server, client)
        let lister = Lister(channel: channel, prefix: Self.prefix, pageSize: pageSize)
        let before = try await server.settledResidentBytes()
        server.figures.resetPeak()
        let first = try await lister.list(expecting: Self.keys)
        let added = Double(max(0, (server.figures.peakResidentBytes ?? before) - before))

        let meter = try LoadMeter(server)
        var times: [Double] = []
        for _ in 0..<Self.lists {
            times.append(Double(try await lister.list(expecting: Self.keys).nanoseconds))
        }
        let cost = try meter.end()
        var figures = cost.server(per: Double(Self.lists), "list").filter { $0.name != "client's busiest thread" }
        if let statistics = RoundStatistics(times) { figures.append(Figure("time", statistics.median, .nanoseconds)) }
        figures += [
            Figure("memory added", added, .bytes),
            Figure("memory added ÷ answers", added / Double(first.bytes), .times, isCompared: false),
            Figure("answers", Double(first.bytes), .bytes, isCompared: false),
            Figure("calls", Double(first.calls), .count, isCompared: false),
        ]
        return figures
    }

    /// Writes the keys, and returns a connection on which they can be read.
    private func fill(_ server: StartedServer, _ client: ClientKit) async throws -> RPCChannel {
        // The floor has pairs of its own.
        if server.kind != .floor {
            var plan = WriterLoad.Plan()
            plan.prefix = Self.prefix
            plan.keys = Self.keys
            plan.writers = 32
            let writers = try await WriterLoad(plan, with: client, to: server.writing)
            _ = try await writers.fill()
        }
        return try await client.connectedChannels(1, to: server.watching)[0]
    }
}

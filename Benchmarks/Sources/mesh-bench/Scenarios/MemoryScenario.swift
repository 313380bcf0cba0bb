internal import BenchmarkSupport
internal import MeshCore
internal import MeshRPC

/// What idle connections, streams and watches keep in a server's memory.
///
/// Each kind is added to what is there already, in numbers that make the few pages of chance disappear.
struct MemoryScenario: Scenario {
    let name = "memory"
    let title = "memory per idle connection with a stream and a watch, per further stream, per further watch"
    let isBrief = true

    private static let connections = 500
    private static let connectionsWithStreams = 10
    private static let streamsOnEach = 100
    /// As many as our server takes on one stream by default, but for a few.
    private static let watches = 4_000
    private static let prefix = "memory/"

    func applies(to server: ServerKind) -> Bool { true }

    func measure(_ server: StartedServer, with client: ClientKit, _ context: ScenarioContext) async throws -> [Figure] {
        let writers = try await WriterLoad(WriterLoad.Plan(prefix: Self.prefix), with: client, to: server.writing)
        let revision = try await writers.fill()
        // What the first of each kind brings along is not counted.
        var kept = [try await stream(on: client.channel(to: server.watching), [Self.range], revision)]
        var measured = try await server.settledResidentBytes()
        var figures: [Figure] = []

        /// Adds `count` of something, and notes what one of them takes.
        func add(_ what: String, _ count: Int, _ streams: () async throws -> [WatchStream]) async throws {
            kept += try await streams()
            let present = try await server.settledResidentBytes()
            figures.append(Figure("per \(what)", Double(present - measured) / Double(count), .bytes))
            measured = present
        }

        try await add("connection", Self.connections) {
            let channels = try (0..<Self.connections).map { _ in try client.channel(to: server.watching) }
            return try await streams(on: channels, revision)
        }
        try await add("further stream", Self.connectionsWithStreams * Self.streamsOnEach) {
            let channels = try await client.connectedChannels(Self.connectionsWithStreams, to: server.watching)
            // Their first streams came with the connections; what these take is already in.
            let first = try await streams(on: channels, revision)
            measured = try await server.settledResidentBytes()
            let further = (0..<Self.connectionsWithStreams * Self.streamsOnEach).map { channels[$0 % channels.count] }
            return first + (try await streams(on: further, revision))
        }
        try await add("further watch", Self.watches - 1) {
            let ranges = Array(repeating: Self.range, count: Self.watches)
            return [try await stream(on: client.channel(to: server.watching), ranges, revision)]
        }
        try await add("further one-key watch", Self.watches - 1) {
            let ranges = (0..<Self.watches).map { KeyRange.key(Key("\(Self.prefix)\($0)")) }
            return [try await stream(on: client.channel(to: server.watching), ranges, revision)]
        }
        figures.append(Figure("RSS at the end", Double(measured), .bytes))
        withExtendedLifetime(kept) {}
        return figures
    }

    private static var range: KeyRange { .prefix(Key(prefix)) }

    private func streams(on channels: [RPCChannel], _ revision: Int64) async throws -> [WatchStream] {
        let opened = Locked<[WatchStream]>([])
        try await forEachConcurrently(channels, atMost: ClientKit.parallelConnections) { channel in
            let stream = try await stream(on: channel, [Self.range], revision)
            opened.withLock { $0.append(stream) }
        }
        return opened.withLock { $0 }
    }

    private func stream(
        on channel: RPCChannel, _ ranges: [KeyRange], _ revision: Int64
    ) async throws -> WatchStream {
        try await WatchStream(on: channel, .revisions, ranges.map { .init(range: $0, after: revision) })
    }
}

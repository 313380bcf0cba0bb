internal import MeshCore
internal import MeshRPC
internal import MeshWire

/// The one client of all servers: makes channels to a started server and ends them all together.
final class ClientKit: Sendable {
    /// How many connections are made at the same time; more only wait for each other's handshakes.
    static let parallelConnections = 16

    private let credentials: TLSCredentials
    private let channels = Locked<[RPCChannel]>([])

    /// A client that shows these credentials.
    init(credentials: TLSCredentials) {
        self.credentials = credentials
    }

    /// A channel with a connection of its own, made by its first call.
    func channel(to endpoint: Endpoint) throws -> RPCChannel {
        let channel = try RPCChannel(configuration: .benchmark(endpoint, credentials), logger: .quiet)
        channels.withLock { $0.append(channel) }
        return channel
    }

    /// Channels that are connected: each has answered a read of one key.
    func connectedChannels(_ count: Int, to endpoint: Endpoint) async throws -> [RPCChannel] {
        let channels = try (0..<count).map { _ in try channel(to: endpoint) }
        let request = RangeCodec.encodeRequest(RangeRequest(.key("connected")))
        try await forEachConcurrently(channels, atMost: Self.parallelConnections) { channel in
            _ = try await channel.unary(RPCMethod(path: EtcdMethods.range), request, timeout: .seconds(60))
        }
        return channels
    }

    /// Ends some channels, with their calls.
    func end(_ ended: [RPCChannel]) async {
        let identities = Set(ended.map(ObjectIdentifier.init))
        channels.withLock { channels in channels.removeAll { identities.contains(ObjectIdentifier($0)) } }
        await withDiscardingTaskGroup { group in
            for channel in ended { group.addTask { await channel.shutDown() } }
        }
    }

    /// Ends all channels.
    func endAll() async {
        await end(channels.withLock { $0 })
    }
}

/// Runs `body` for each element, for some at the same time; the first error cancels the rest and is thrown.
func forEachConcurrently<Element: Sendable>(
    _ elements: [Element], atMost width: Int, _ body: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, element) in elements.enumerated() {
            if index >= width { try await group.next() }
            group.addTask { try await body(element) }
        }
        try await group.waitForAll()
    }
}

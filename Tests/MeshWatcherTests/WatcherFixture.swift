import Logging
import MeshCore
import MeshRPC
import MeshStore
import MeshTLS
import MeshWatcher
import MeshWire
import TestSupport

/// A server of cluster `athens` on a free port, with the store it serves.
struct WatcherFixture: Sendable {
    let store: KVStore
    let server: WatcherServer
    /// What the server tells by the health protocol.
    var health = ServingHealth()

    /// Runs `body` with a server that runs; stops the server afterwards. The certificate `reader` may read everything.
    static func run(
        _ store: KVStore = KVStore(),
        configure: (inout WatcherServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (WatcherFixture) async throws -> Void
    ) async throws {
        let health = ServingHealth()
        let server = try makeServer(store, health: health, configure: configure)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await body(WatcherFixture(store: store, server: server, health: health))
        }
    }

    static func makeServer(
        _ store: KVStore,
        health: ServingHealth = ServingHealth(),
        configure: (inout WatcherServerConfiguration) -> Void = { _ in }
    ) throws -> WatcherServer {
        let cluster = try ClusterName("athens")
        var configuration = WatcherServerConfiguration(
            cluster: cluster,
            credentials: try TestCertificates.server("athens"),
            verifier: .mesh()
        )
        configuration.access = .cilium(
            cluster: cluster,
            adding: [AccessRole(.commonName("reader"), mayRead: [.all])]
        )
        configure(&configuration)
        return try WatcherServer(
            configuration: configuration,
            reader: store.reader,
            health: health,
            logger: quietLogger
        )
    }

    /// Runs `body` with a client whose certificate says `commonName`; closes its connection afterwards.
    func withClient(
        _ commonName: String = "reader",
        receiveWindowBytes: Int? = nil,
        _ body: (TestClient) async throws -> Void
    ) async throws {
        var configuration = RPCChannelConfiguration(
            host: "127.0.0.1",
            port: server.port,
            credentials: try TestCertificates.client(commonName),
            verifier: .mesh()
        )
        configuration.expectedPeer = .server(cluster: try ClusterName("athens"), hosts: ["127.0.0.1"])
        if let receiveWindowBytes { configuration.receiveWindowBytes = receiveWindowBytes }
        let channel = try RPCChannel(configuration: configuration, logger: quietLogger)
        do {
            try await body(TestClient(channel: channel))
        } catch {
            await channel.shutDown()
            throw error
        }
        await channel.shutDown()
    }
}

/// Long enough for a machine that runs many tests at once under a sanitizer; a test that waits this long has failed.
let testDeadline = Duration.seconds(60)

/// Says nothing below critical errors.
let quietLogger: Logger = {
    var logger = Logger(label: "watcher-tests")
    logger.logLevel = .critical
    return logger
}()

/// An etcd client with which a test can also say what no real client says.
struct TestClient: Sendable {
    let channel: RPCChannel

    /// Calls a unary method with any bytes.
    func call(_ path: String, _ request: [UInt8]) async throws -> [UInt8] {
        try await channel.unary(RPCMethod(path: path), request, timeout: testDeadline)
    }

    /// How a call ended that must not succeed.
    func refusal(_ path: String, _ request: [UInt8]) async throws -> RPCStatus {
        do {
            let answer = try await call(path, request)
            throw UnexpectedAction(description: "\(path) answered with \(answer.count) bytes")
        } catch let status as RPCStatus {
            return status
        }
    }

    func range(_ request: RangeRequest) async throws -> (header: ResponseHeader?, answer: RangeAnswer) {
        try RangeCodec.decodeAnswer(try await call(EtcdMethods.range, RangeCodec.encodeRequest(request)))
    }

    func openWatch() throws -> TestWatchStream {
        TestWatchStream(stream: try channel.openStream(RPCMethod(path: EtcdMethods.watch)))
    }
}

/// A stream of watches, whose every wait has a deadline.
struct TestWatchStream: Sendable {
    let stream: RPCStream

    func send(_ message: WatchClientMessage) async throws {
        try await stream.send(WatchCodec.encodeRequest(message))
    }

    /// Asks for a watch and takes its answer, which must be the next message.
    @discardableResult
    func create(_ request: WatchCreateRequest) async throws -> WatchServerMessage {
        try await send(.create(request))
        let message = try await next()
        guard message.created else { throw UnexpectedAction(description: "\(message), not an answer to a create") }
        return message
    }

    /// The next message; throws the status of a stream that ended.
    func next(within limit: Duration = testDeadline) async throws -> WatchServerMessage {
        guard let message = try await nextOrEnd(within: limit) else {
            throw UnexpectedAction(description: "the stream ended with OK, not with a message")
        }
        return message
    }

    /// The next message, or `nil` at an end with OK.
    func nextOrEnd(within limit: Duration = testDeadline) async throws -> WatchServerMessage? {
        let stream = stream
        let bytes = try await TestSupport.within(limit, "the next message of a watch stream") {
            try await stream.next()
        }
        return try bytes.map { try WatchCodec.decodeResponse($0) }
    }

    /// The events of one watch up to and including `revision`, which must have some; other watches must not speak.
    func events(of watchID: Int64, through revision: Revision) async throws -> [WatchEvent] {
        var events: [WatchEvent] = []
        while (events.last?.revision ?? .none) < revision {
            let message = try await next()
            guard message.watchID == watchID, !message.canceled else {
                throw UnexpectedAction(description: "\(message), not events of watch \(watchID)")
            }
            events += message.events
        }
        return events
    }

    /// The status of a stream that must end without another message.
    func failure() async throws -> RPCStatus {
        do {
            let message = try await nextOrEnd()
            throw UnexpectedAction(description: "\(message.map { "\($0)" } ?? "an end with OK"), not a failure")
        } catch let status as RPCStatus {
            return status
        }
    }
}

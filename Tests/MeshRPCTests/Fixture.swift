import Logging
import MeshCore
import MeshRPC
import MeshTLS
import TestSupport

/// A server on a free port of the loopback, running, and what is needed to call it.
struct Fixture: Sendable {
    let server: RPCServer
    let logger: Logger

    var port: Int { server.port }

    /// Runs `body` with a server that has `handlers`, and shuts the server down behind it.
    static func with<Result: Sendable>(
        _ handlers: RPCHandlers,
        credentials: TLSCredentials? = nil,
        change: (inout RPCServerConfiguration) -> Void = { _ in },
        within limit: Duration = .seconds(60),
        _ body: @escaping @Sendable (Fixture) async throws -> Result
    ) async throws -> Result {
        let credentials = try credentials ?? TestCertificates.server()
        var configuration = RPCServerConfiguration(credentials: credentials, verifier: .mesh())
        change(&configuration)
        let logger = quietLogger
        let server = try RPCServer(configuration: configuration, handlers: handlers, logger: logger)
        return try await within_(limit) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                do {
                    let result = try await body(Fixture(server: server, logger: logger))
                    await server.shutDown(grace: .zero)
                    try await group.waitForAll()
                    return result
                } catch {
                    await server.shutDown(grace: .zero)
                    throw error
                }
            }
        }
    }

    /// Runs `body` with a channel to the server, and shuts the channel down behind it.
    func withChannel<Result: Sendable>(
        as credentials: TLSCredentials? = nil,
        change: (inout RPCChannelConfiguration) -> Void = { _ in },
        _ body: (RPCChannel) async throws -> Result
    ) async throws -> Result {
        let channel = try makeChannel(as: credentials, change: change)
        do {
            let result = try await body(channel)
            await channel.shutDown()
            return result
        } catch {
            await channel.shutDown()
            throw error
        }
    }

    func makeChannel(
        as credentials: TLSCredentials? = nil,
        change: (inout RPCChannelConfiguration) -> Void = { _ in }
    ) throws -> RPCChannel {
        let credentials = try credentials ?? TestCertificates.client()
        var configuration = RPCChannelConfiguration(
            host: "127.0.0.1",
            port: port,
            credentials: credentials,
            verifier: .mesh()
        )
        configuration.expectedPeer = .server(cluster: try ClusterName("athens"), hosts: ["127.0.0.1"])
        change(&configuration)
        return try RPCChannel(configuration: configuration, logger: logger)
    }
}

private func within_<Result: Sendable>(
    _ limit: Duration,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await within(limit, "the test", body)
}

/// A logger that says nothing.
let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension RPCMethod {
    static let echo = RPCMethod(service: "test.Echo", method: "Unary")
    static let echoStream = RPCMethod(service: "test.Echo", method: "Stream")
}

extension RPCHandlers {
    /// Answers ``RPCMethod/echo`` and ``RPCMethod/echoStream`` with what they are sent.
    static var echo: RPCHandlers {
        var handlers = RPCHandlers()
        handlers.unary(.echo) { _, request in RPCPayload(request) }
        handlers.stream(.echoStream) { _, _ in EchoDriver() }
        return handlers
    }
}

/// Sends back what it receives, and ends with OK when the client has finished.
final class EchoDriver: RPCStreamDriver {
    private struct State: Sendable {
        var waiting: [[UInt8]] = []
        var isFinished = false
    }

    private let state = Locked(State())

    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
        state.withLock { $0.waiting.append(bytes) }
        return .continueReading
    }

    func clientFinishedSending() {
        state.withLock { $0.isFinished = true }
    }

    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
        state.withLock { state in
            if !state.waiting.isEmpty {
                let next = state.waiting.removeFirst()
                message.append(next)
                return .send(moreFollows: !state.waiting.isEmpty)
            }
            return state.isFinished ? .finish(RPCStatus(.ok, "", metadata: ["echoed": "all"])) : .idle
        }
    }

    func streamClosed() {}
}

extension [UInt8] {
    /// Bytes that are not all alike.
    static func pattern(_ count: Int) -> [UInt8] {
        // Put together of blocks, as computing megabytes takes seconds in an unoptimised build.
        let block = (0..<Swift.min(count, 8191)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count { bytes += block.prefix(count - bytes.count) }
        return bytes
    }
}

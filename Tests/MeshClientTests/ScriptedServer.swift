import Logging
import MeshClient
import MeshCore
import MeshRPC
import MeshTLS
import MeshWire
import TestSupport

/// A server that answers over the wire what the test says, right or wrong.
struct ScriptedServer {
    /// Answers a Range.
    var range: @Sendable (RangeRequest) async throws -> [UInt8] = { _ in [] }
    /// What a stream of watches sends as soon as a watch is asked for.
    var watchMessages: [[UInt8]] = []
    /// What it ends with after them; `nil` leaves it open.
    var watchEnd: RPCStatus?

    /// Takes what streams of watches were opened with.
    let metadata = Locked<[RPCMetadata]>([])

    /// Serves while `body` runs with a reader of it.
    func reading<Result: Sendable>(
        change: (inout EtcdReaderConfiguration) -> Void = { _ in },
        _ body: (EtcdReader) async throws -> Result
    ) async throws -> Result {
        var handlers = RPCHandlers()
        let range = range
        handlers.unary(RPCMethod(path: EtcdMethods.range)) { _, bytes in
            RPCPayload(try await range(try RangeCodec.decodeRequest(bytes, limits: MessageLimits())))
        }
        handlers.stream(RPCMethod(path: EtcdMethods.watch)) { [watchMessages, watchEnd, metadata] context, _ in
            metadata.withLock { $0.append(context.metadata) }
            return Driver(watchMessages, watchEnd)
        }
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let server = try RPCServer(
            configuration: RPCServerConfiguration(credentials: TestCertificates.server(), verifier: .mesh()),
            handlers: handlers,
            logger: logger
        )
        var configuration = EtcdReaderConfiguration(
            endpoint: EtcdEndpoint(host: "127.0.0.1", port: server.port),
            credentials: try TestCertificates.client(),
            verifier: .mesh()
        )
        change(&configuration)
        let reader = try EtcdReader(configuration: configuration, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body(reader)) } catch { result = .failure(error) }
            await reader.shutDown()
            await server.shutDown(grace: .zero)
            try await group.waitForAll()
            return try result.get()
        }
    }

    /// Sends its messages once a watch is asked for, and then ends or stays silent.
    private final class Driver: RPCStreamDriver {
        private struct State {
            var messages: [[UInt8]]
            var isAsked = false
        }

        private let state: Locked<State>
        private let end: RPCStatus?

        init(_ messages: [[UInt8]], _ end: RPCStatus?) {
            state = Locked(State(messages: messages.reversed()))
            self.end = end
        }

        func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
            state.withLock { $0.isAsked = true }
            return .continueReading
        }

        func clientFinishedSending() {}

        func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
            state.withLock { state in
                guard state.isAsked else { return .idle }
                if let next = state.messages.popLast() {
                    message.append(next)
                    return .send(moreFollows: false)
                }
                return end.map { .finish($0) } ?? .idle
            }
        }

        func streamClosed() {}
    }
}

import MeshCore
import MeshRPC
import MeshWire
import TestSupport

/// One stream of watches to any etcd server; every wait has a deadline.
struct WatchClient: Sendable {
    /// The server ended the stream, with OK.
    struct StreamEnded: Error {}

    private let stream: RPCStream

    init(_ writer: EtcdWriter) throws {
        stream = try writer.openWatch()
    }

    func send(_ message: WatchClientMessage) async throws {
        let bytes = WatchCodec.encodeRequest(message)
        try await within(.seconds(20), "sending") { [stream] in try await stream.send(bytes) }
    }

    /// Asks for a watch, and returns the answer to it.
    func create(_ request: WatchCreateRequest) async throws -> WatchServerMessage {
        try await send(.create(request))
        return try await next()
    }

    /// The next message.
    func next() async throws -> WatchServerMessage {
        let bytes = try await within(.seconds(20), "the next message of a watch") { [stream] in try await stream.next()
        }
        guard let bytes else { throw StreamEnded() }
        return try WatchCodec.decodeResponse(bytes)
    }

    /// The events up to the one of `revision`.
    func events(through revision: Revision) async throws -> [WatchEvent] {
        var events: [WatchEvent] = []
        while events.last.map({ $0.revision < revision }) ?? true { events += try await next().events }
        return events
    }

    func close() { stream.cancel() }
}

public import Logging
public import MeshCore
import MeshRPC
import MeshRecords
import MeshTLS
import MeshWire

/// A cluster whose server does what no cluster should, with a good certificate, for measuring who suffers from it.
///
/// Everything until the peer is identified is as it should be; then it behaves badly.
public final class BadPeer: Sendable {
    /// What it does wrong.
    public enum Behaviour: String, Sendable, CaseIterable {
        /// Its watch of IPs always has a next message: 200 changes of ever new addresses.
        case flooding
        /// It says who it is, and never answers a listing of its records.
        case stalled
        /// It floods with values that are no records, and every 50th message is none at all.
        case garbage
        /// It is there for a tenth of a second, then away for as long, for ever.
        case flapping
    }

    /// How many changes a message of a flood has: about as many as fit in 64 KiB.
    public static let eventsPerMessage = 200

    private static let interval = Duration.milliseconds(100)

    private let server: RPCServer
    private let state: Shared

    /// What its handlers share.
    private final class Shared: Sendable {
        struct State {
            var isUp = true
            var streams: [ObjectIdentifier: RPCStreamHandle] = [:]
            var messages = 0
        }

        let behaviour: Behaviour
        let identity: UInt32
        let header: ResponseHeader
        let config: KeyValue
        let state = Locked(State())

        init(_ behaviour: Behaviour, _ cluster: ClusterName, _ id: ClusterID) {
            self.behaviour = behaviour
            identity = id.identities().lowerBound + 1
            header = ResponseHeader(
                clusterID: 0xBAD0 + UInt64(id.rawValue), memberID: 1,
                revision: Revision(FloodTemplate.firstRevision - 1),
                raftTerm: 1)
            var config = ClusterConfig(id: id.rawValue)
            config.maxConnectedClusters = 255
            self.config = KeyValue(
                key: KeyLayout.clusterConfig(of: cluster), createRevision: 1, modRevision: 1, version: 1,
                value: config.encoded())
        }
    }

    /// A peer that listens on a free port of 127.0.0.1.
    ///
    /// - Throws: `RPCServerError` if it can't.
    public init(
        _ behaviour: Behaviour, cluster: ClusterName, id: ClusterID, credentials: TLSCredentials, logger: Logger
    ) throws {
        let state = Shared(behaviour, cluster, id)
        var handlers = RPCHandlers()
        handlers.unary(RPCMethod(path: EtcdMethods.range)) { _, bytes in
            RPCPayload(try await Self.answer(try RangeCodec.decodeRequest(bytes), state))
        }
        handlers.stream(RPCMethod(path: EtcdMethods.watch)) { _, handle in
            guard state.state.withLock({ $0.isUp }) else { throw RPCStatus(.unavailable, "away") }
            let driver = Driver(state)
            state.state.withLock { $0.streams[ObjectIdentifier(driver)] = handle }
            return driver
        }
        var configuration = RPCServerConfiguration(credentials: credentials, verifier: .mesh())
        configuration.maximumUnreadBytesPerPeer = 1 << 30
        configuration.maximumSendStall = .seconds(86_400)
        server = try RPCServer(configuration: configuration, handlers: handlers, logger: logger)
        self.state = state
    }

    /// The port that it listens on.
    public var port: Int { server.port }

    /// How many messages of its flood it has sent.
    public var messages: Int { state.state.withLock { $0.messages } }

    /// Behaves badly until the task is cancelled.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.server.run() }
            if state.behaviour == .flapping { group.addTask { await self.flap() } }
            try await group.next()
            group.cancelAll()
        }
    }

    private func flap() async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            let ended = state.state.withLock { state in
                state.isUp.toggle()
                return state.isUp ? [] : Array(state.streams.values)
            }
            for stream in ended { stream.cancel(RPCStatus(.unavailable, "away again")) }
        }
    }

    private static func answer(_ request: RangeRequest, _ state: Shared) async throws -> [UInt8] {
        guard state.state.withLock({ $0.isUp }) else { throw RPCStatus(.unavailable, "away") }
        let holdsConfig = state.config.isKey(in: request.range)
        if state.behaviour == .stalled, request.range.overlaps(.prefix(KeyLayout.state)) {
            try await Task.sleep(for: .seconds(86_400))
        }
        let pairs = holdsConfig ? [state.config] : []
        return RangeCodec.encodeAnswer(
            state.header,
            RangeAnswer(pairs: pairs, more: false, count: Int64(pairs.count), revision: state.header.revision))
    }

    /// Confirms watches, and floods those of IPs.
    private final class Driver: RPCStreamDriver {
        private struct State {
            var confirmations: [[UInt8]] = []
            var watches: Int64 = 0
            var flood: FloodTemplate?
            var messages = 0
        }

        private let shared: Shared
        private let state = Locked(State())

        init(_ shared: Shared) {
            self.shared = shared
        }

        func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
            guard case .create(let request)? = try? WatchCodec.decodeRequest(bytes) else { return .continueReading }
            state.withLock { state in
                let watch = state.watches
                state.watches += 1
                state.confirmations.append(
                    WatchCodec.encodeHead(WatchResponseHead(header: shared.header, watchID: watch, created: true)))
                let isOfIPs = request.range.overlaps(.prefix(RecordKind.ip.prefix()))
                switch shared.behaviour {
                case .flooding, .garbage:
                    guard isOfIPs else { return }
                    state.flood = try? FloodTemplate(
                        WatchResponseHead(header: shared.header, watchID: watch), identity: shared.identity,
                        events: BadPeer.eventsPerMessage, garbage: shared.behaviour == .garbage)
                case .stalled, .flapping: return
                }
            }
            return .continueReading
        }

        func clientFinishedSending() {}

        func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
            let next: [UInt8]? = state.withLock { state in
                if !state.confirmations.isEmpty { return state.confirmations.removeFirst() }
                guard let flood = state.flood?.advance() else { return nil }
                state.messages += 1
                let isNone = shared.behaviour == .garbage && state.messages.isMultiple(of: 50)
                return isNone ? Array(repeating: 0xFF, count: 1_000) : flood
            }
            guard let next else { return .idle }
            if state.withLock({ $0.flood != nil }) { shared.state.withLock { $0.messages += 1 } }
            message.append(next)
            return .send(moreFollows: false)
        }

        func streamClosed() {
            shared.state.withLock { _ = $0.streams.removeValue(forKey: ObjectIdentifier(self)) }
        }
    }
}

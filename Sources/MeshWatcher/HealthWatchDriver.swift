internal import MeshCore
internal import MeshRPC
internal import MeshWire

/// One call of `grpc.health.v1.Health/Watch`: tells the state of the asked service at once, and each other one that it
/// has later. States that change faster than the client takes them are passed over.
final class HealthWatchDriver: RPCStreamDriver {
    private struct State: Sendable {
        var service: String?
        var told: HealthStatus?
        var failure: RPCStatus?
    }

    private let health: ServingHealth
    private let limits: MessageLimits
    private let state = Locked(State())

    init(health: ServingHealth, handle: RPCStreamHandle, limits: MessageLimits) {
        self.health = health
        self.limits = limits
        health.add(ObjectIdentifier(self)) { handle.wake() }
    }

    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
        let service: String
        do {
            service = try HealthCodec.decodeRequest(bytes, limits: limits)
        } catch {
            return .finish(RPCStatus(error.etcdError))
        }
        let isFirst = state.withLock { state in
            defer { state.service = state.service ?? service }
            return state.service == nil
        }
        return isFirst ? .continueReading : .finish(RPCStatus(.invalidArgument, "a Watch has one request"))
    }

    func clientFinishedSending() {
        state.withLock { state in
            if state.service == nil { state.failure = RPCStatus(.invalidArgument, "a Watch has one request") }
        }
    }

    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
        state.withLock { state in
            if let failure = state.failure { return .finish(failure) }
            guard let service = state.service else { return .idle }
            let status = health.status(of: service) ?? .serviceUnknown
            guard status != state.told else { return .idle }
            state.told = status
            message.append(HealthCodec.encodeAnswer(status))
            return .send(moreFollows: false)
        }
    }

    func streamClosed() {
        health.remove(ObjectIdentifier(self))
    }
}

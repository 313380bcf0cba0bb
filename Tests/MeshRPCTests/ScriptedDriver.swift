import MeshCore
import MeshRPC

/// A driver that a test tells what to send, and that counts what it is told.
final class ScriptedDriver: RPCStreamDriver {
    struct Seen: Sendable {
        var received: [[UInt8]] = []
        var asked = 0
        var sent = 0
        var clientFinished = 0
        var closed = 0
        var calledAfterClose = 0
    }

    private struct State: Sendable {
        var seen = Seen()
        var waiting: [RPCPayload] = []
        var endless: RPCPayload?
        var end: RPCStatus?
        var readDecision = RPCReadDecision.continueReading
    }

    private let state = Locked(State())
    let handle: RPCStreamHandle

    init(_ handle: RPCStreamHandle, endless: RPCPayload? = nil, reading: RPCReadDecision = .continueReading) {
        self.handle = handle
        state.withLock {
            $0.endless = endless
            $0.readDecision = reading
        }
    }

    var seen: Seen { state.withLock { $0.seen } }

    /// Sends these, and then, if asked for, ends.
    func send(_ payloads: [RPCPayload], then end: RPCStatus? = nil) {
        prepare(payloads, then: end)
        handle.wake()
    }

    /// Sends these when it is asked the next time.
    func prepare(_ payloads: [RPCPayload], then end: RPCStatus? = nil) {
        state.withLock {
            $0.waiting += payloads
            $0.end = end
        }
    }

    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
        state.withLock { state in
            state.seen.calledAfterClose += state.seen.closed
            state.seen.received.append(bytes)
            return state.readDecision
        }
    }

    func clientFinishedSending() {
        state.withLock { state in
            state.seen.calledAfterClose += state.seen.closed
            state.seen.clientFinished += 1
        }
    }

    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
        state.withLock { state in
            state.seen.calledAfterClose += state.seen.closed
            state.seen.asked += 1
            if let endless = state.endless {
                state.seen.sent += 1
                message.append(endless)
                return .send(moreFollows: false)
            }
            if !state.waiting.isEmpty {
                state.seen.sent += 1
                let next = state.waiting.removeFirst()
                message.append(next)
                return .send(moreFollows: !state.waiting.isEmpty)
            }
            return state.end.map { .finish($0) } ?? .idle
        }
    }

    func streamClosed() {
        state.withLock { $0.seen.closed += 1 }
    }
}

/// The drivers that a server made, for the test that waits for them.
final class Drivers: Sendable {
    private let made = Locked<[ScriptedDriver]>([])

    var all: [ScriptedDriver] { made.withLock { $0 } }

    func add(_ driver: ScriptedDriver) -> ScriptedDriver {
        made.withLock { $0.append(driver) }
        return driver
    }
}

extension RPCHandlers {
    /// Streams of scripted drivers at ``RPCMethod/echoStream``.
    static func scripted(
        _ drivers: Drivers,
        endless: RPCPayload? = nil,
        reading: RPCReadDecision = .continueReading
    ) -> RPCHandlers {
        var handlers = RPCHandlers.echo
        handlers.stream(.echoStream) { _, handle in
            drivers.add(ScriptedDriver(handle, endless: endless, reading: reading))
        }
        return handlers
    }
}

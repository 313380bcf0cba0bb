internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import MeshWire

/// The shell of one stream of keep-alives.
///
/// A renewal waits for the store's writer, so it is not done on the transport's threads: the hub's task does it.
final class KeepAliveDriver: RPCStreamDriver {
    private let handle: RPCStreamHandle
    private let hub: KeepAliveHub
    private let limits: MessageLimits
    private let machine: Locked<KeepAliveStateMachine>

    /// Who opened the stream.
    var peer: PeerIdentity { handle.context.peer }

    init(handle: RPCStreamHandle, hub: KeepAliveHub, limits: MessageLimits, maximumPending: Int) {
        self.handle = handle
        self.hub = hub
        self.limits = limits
        machine = Locked(KeepAliveStateMachine(maximumPending: maximumPending))
    }

    // MARK: - Called by the transport

    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
        let lease: LeaseID
        do {
            lease = try LeaseCodec.decodeKeepAliveRequest(bytes, limits: limits)
        } catch {
            return .finish(RPCStatus(error.etcdError))
        }
        let action = machine.withLock { $0.renewalRequested(lease) }
        hub.renewalsWait(on: self)
        switch action {
        case .continueReading: return .continueReading
        case .pauseReading: return .pauseReading
        }
    }

    func clientFinishedSending() {
        machine.withLock { $0.clientFinished() }
    }

    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
        switch machine.withLock({ $0.next() }) {
        case .send(let answer, let moreFollows, let resumesReading):
            if resumesReading { handle.resumeReading() }
            let header = hub.store.header(at: answer.revision)
            message.append(LeaseCodec.encodeAnswer(header, answer))
            return .send(moreFollows: moreFollows)
        case .idle:
            return .idle
        case .finish:
            return .finish(.ok)
        }
    }

    func streamClosed() {
        hub.remove(self)
    }

    // MARK: - Called by the hub

    /// Does the renewals that wait. One caller at a time.
    func renew() {
        let leases = machine.withLock { $0.takeRequests() }
        guard !leases.isEmpty else { return }
        let answers = leases.map { hub.store.keepLeaseAlive($0) }
        machine.withLock { $0.renewed(answers) }
        handle.wake()
    }

    /// Ends the stream at once.
    func end(_ status: RPCStatus) {
        handle.cancel(status)
    }
}

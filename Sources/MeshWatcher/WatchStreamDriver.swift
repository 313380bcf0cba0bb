internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import MeshWire

/// One stream of watches: gives what the client sends to the session's state machine, and turns what the machine
/// decides into reads of the shared segments and messages.
///
/// One message is prepared ahead where there is one, so that every message but the last of a run carries the hint
/// that more follows: the transport then sends many in one write. Nothing is queued beyond that message.
final class WatchStreamDriver: RPCStreamDriver {
    private struct State: ~Copyable {
        var session: WatchSessionStateMachine
        /// The message that follows the one being sent.
        var prepared: WatchMessage?
        /// How many watches are counted as the client's.
        var counted = 0
    }

    private let handle: RPCStreamHandle
    private let hub: WatchHub
    private let segments: SegmentCache
    private let reader: StoreReader
    private let limits: WatcherLimits
    private let peerWatches: PeerWatches
    private let peerName: PeerName
    private let state: Locked<State>

    init(
        session: consuming sending WatchSessionStateMachine,
        handle: RPCStreamHandle,
        hub: WatchHub,
        segments: SegmentCache,
        reader: StoreReader,
        limits: WatcherLimits,
        peerWatches: PeerWatches
    ) {
        self.handle = handle
        self.hub = hub
        self.segments = segments
        self.reader = reader
        self.limits = limits
        self.peerWatches = peerWatches
        peerName = PeerName(handle.context.peer)
        state = Locked(State(session: session, prepared: nil))
    }

    // MARK: - Called by the transport

    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
        let message: WatchClientMessage?
        do {
            message = try WatchCodec.decodeRequest(bytes, limits: limits.messages)
        } catch {
            return .finish(RPCStatus(error.etcdError))
        }
        let head = reader.head
        guard head.isReadable else { return .finish(RPCStatus(.notListed)) }
        let store = head.revision
        let action: WatchSessionStateMachine.ReadingAction = state.withLock { state in
            state.session.observe(head)
            defer { giveBackEnded(&state) }
            return switch message {
            case .create(let request): create(request, store: store, &state)
            case .cancel(let watchID): state.session.cancelRequested(watchID, store: store)
            case .progress: state.session.progressRequested(store: store)
            case nil: .continueReading
            }
        }
        // The transport asks for what there is to send now.
        switch action {
        case .continueReading: return .continueReading
        case .pauseReading: return .pauseReading
        }
    }

    func clientFinishedSending() {
        let head = reader.head
        state.withLock { state in
            state.session.observe(head)
            state.session.clientFinished(store: head.revision)
        }
    }

    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
        let turn = state.withLock { state in
            defer { giveBackEnded(&state) }
            return takeTurn(&state)
        }
        if turn.resumesReading { handle.resumeReading() }
        switch turn.decision {
        case .send(let next):
            next.write(to: &message)
            return .send(moreFollows: turn.moreFollows)
        case .idle: return .idle
        case .yieldTurn:
            handle.wake()
            return .idle
        case .finish: return .finish(.ok)
        case .fail(let error): return .finish(RPCStatus(error))
        }
    }

    func streamClosed() {
        hub.remove(self)
        let counted = state.withLock { state in
            defer { state.counted = 0 }
            return state.counted
        }
        peerWatches.close(counted, of: peerName)
    }

    // MARK: - Called by the hub

    /// There may be something to send: asks the transport to ask for it.
    func wake() {
        handle.wake()
    }

    /// Time has come to `now`: see ``WatchSessionStateMachine/timePassed(now:)``.
    func timePassed(now: Duration) {
        if state.withLock({ $0.session.timePassed(now: now) }) { handle.wake() }
    }

    // MARK: - Access

    /// Who the stream's client is.
    var peer: PeerIdentity { handle.context.peer }

    /// The client may read the keys in `readable` from now on: see
    /// ``WatchSessionStateMachine/accessChanged(to:prepared:store:)``.
    func accessChanged(to readable: KeyRangeSet) {
        let head = reader.head
        let mustSend = state.withLock { state in
            state.session.observe(head)
            let action = state.session.accessChanged(
                to: readable,
                prepared: state.prepared,
                store: head.revision
            )
            giveBackEnded(&state)
            // What it was promised to follow is followed by the end of its watch instead.
            if action.dropsPrepared { state.prepared = nil }
            return action.sends
        }
        if mustSend { handle.wake() }
    }

    // MARK: - The client's share

    private func create(
        _ request: WatchCreateRequest,
        store: Revision,
        _ state: inout State
    ) -> WatchSessionStateMachine.ReadingAction {
        let peerHasRoom = peerWatches.open(for: peerName)
        if peerHasRoom { state.counted += 1 }
        return state.session.createRequested(request, peerHasRoom: peerHasRoom, store: store)
    }

    /// Gives back what watches that were refused or have ended had of the client's share.
    private func giveBackEnded(_ state: inout State) {
        let ended = state.counted - state.session.watches.count
        guard ended > 0 else { return }
        state.counted -= ended
        peerWatches.close(ended, of: peerName)
    }

    // MARK: - One turn

    private enum Decision {
        case send(WatchMessage)
        case idle
        /// Many reads have found nothing: others have their turn before this stream goes on.
        case yieldTurn
        case finish
        case fail(EtcdError)
    }

    private struct Turn {
        var decision: Decision
        var moreFollows = false
        var resumesReading = false
    }

    private func takeTurn(_ state: inout State) -> Turn {
        var turn = Turn(decision: .idle)
        if let prepared = state.prepared {
            state.prepared = nil
            turn.decision = .send(prepared)
        } else {
            turn.decision = decide(&state, &turn.resumesReading)
        }
        guard case .send = turn.decision else { return turn }
        if case .send(let following) = decide(&state, &turn.resumesReading) {
            state.prepared = following
            turn.moreFollows = true
        }
        return turn
    }

    private func decide(_ state: inout State, _ resumesReading: inout Bool) -> Decision {
        for _ in 0..<limits.readsPerTurn {
            let head = reader.head
            state.session.observe(head)
            switch state.session.next(store: head.revision) {
            case .send(let message, let resumes):
                if resumes { resumesReading = true }
                return .send(message)
            case .read(let read):
                let result = segments.read(read.subscription, from: read.next, in: head.origin)
                if let message = state.session.readFinished(result) { return .send(message) }
            case .idle:
                return .idle
            case .finish:
                return .finish
            case .fail(let error):
                return .fail(error)
            }
        }
        return .yieldTurn
    }
}

extension WatchSessionStateMachine {
    /// Tells the machine which history the store is in.
    fileprivate mutating func observe(_ head: StoreHead) {
        historyObserved(head.header, of: head.origin.generation, firstWatchable: head.firstWatchable)
    }
}

internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import MeshWire

/// One stream of watches: gives what the client sends, and what the shard announces, to the session's state machine,
/// and turns what the machine decides into reads of the shared segments and messages.
///
/// One message is prepared ahead where there is one, so that every message but the last of a run carries the hint
/// that more follows: the transport then sends many in one write. Nothing is queued beyond that message.
///
/// The driver's lock is taken before the shard's, never inside it.
final class WatchStreamDriver: RPCStreamDriver {
    private struct State: ~Copyable {
        var session: WatchSessionStateMachine
        /// The message that follows the one being sent.
        var prepared: WatchMessage?
        /// How many watches are counted as the client's.
        var counted = 0
        /// What was sent since the server last looked.
        var tally = WatchTally()
    }

    private let handle: RPCStreamHandle
    private let service: WatchService
    private let shard: WatchShard
    private let peerName: PeerName
    private let state: Locked<State>

    init(
        session: consuming sending WatchSessionStateMachine,
        handle: RPCStreamHandle,
        service: WatchService,
        shard: WatchShard
    ) {
        self.handle = handle
        self.service = service
        self.shard = shard
        peerName = PeerName(handle.context.peer)
        state = Locked(State(session: session, prepared: nil))
    }

    // MARK: - Called by the transport

    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
        let message: WatchClientMessage?
        do {
            message = try WatchCodec.decodeRequest(bytes, limits: service.limits.messages)
        } catch {
            return .finish(RPCStatus(error.etcdError))
        }
        let head = service.reader.head
        guard head.isReadable else { return .finish(RPCStatus(.notListed)) }
        let store = head.revision
        let action: WatchSessionStateMachine.ReadingAction = state.withLock { state in
            state.session.observe(head)
            defer { settle(&state) }
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
        let head = service.reader.head
        state.withLock { state in
            state.session.observe(head)
            state.session.clientFinished(store: head.revision)
            settle(&state)
        }
    }

    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
        let turn = state.withLock { state in
            defer { settle(&state) }
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
        service.hub.remove(self)
        shard.remove(self)
        let (counted, tally) = state.withLock { state in
            defer { state.counted = 0 }
            return (state.counted, state.tally.take())
        }
        service.peerWatches.close(counted, of: peerName)
        service.metrics.ended(tally)
    }

    // MARK: - Called by the server's clock

    /// Adds what the stream has, and what was sent on it since the last time.
    func report(to reading: inout WatcherMetrics.Reading) {
        let (watches, tally, first) = state.withLock { state in
            (state.session.watchCount, state.tally.take(), state.session.lackedFrom)
        }
        reading.add(watches: watches, tally: tally, lackedFrom: first)
    }

    // MARK: - Access

    /// Who the stream's client is.
    var peer: PeerIdentity { handle.context.peer }

    /// The client may read the keys in what `readable` returns from now on: see
    /// ``WatchSessionStateMachine/accessChanged(to:prepared:store:)``.
    ///
    /// - Parameter readable: tells what the policy says at the moment. It is asked under the stream's lock, so that of two
    ///   calls at a time none can bring an older answer behind a newer one.
    func accessChanged(to readable: () -> KeyRangeSet) {
        let head = service.reader.head
        let mustSend = state.withLock { state in
            state.session.observe(head)
            let action = state.session.accessChanged(
                to: readable(),
                prepared: state.prepared,
                store: head.revision
            )
            settle(&state)
            // What it was promised to follow is followed by the end of its watch instead.
            if action.dropsPrepared { state.prepared = nil }
            return action.sends
        }
        if mustSend { handle.wake() }
    }

    // MARK: - After each call of the session

    /// Does what the session asks of the shard, and gives back what watches that were refused or have ended had of the
    /// client's share.
    private func settle(_ state: inout State) {
        for action in state.session.takeShardActions() {
            switch action {
            case .join(let group, let subscription):
                state.session.joined(group, announced: shard.join(self, group, subscription))
            case .leave(let group, let subscription):
                shard.leave(self, group, subscription)
            case .requestSync:
                shard.requestSync(self)
            }
        }
        let ended = state.counted - state.session.watchCount
        guard ended > 0 else { return }
        state.counted -= ended
        service.peerWatches.close(ended, of: peerName)
    }

    private func create(
        _ request: WatchCreateRequest,
        store: Revision,
        _ state: inout State
    ) -> WatchSessionStateMachine.ReadingAction {
        let peerHasRoom = service.peerWatches.open(for: peerName)
        if peerHasRoom { state.counted += 1 }
        return state.session.createRequested(request, peerHasRoom: peerHasRoom, store: store)
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
        guard case .send(let message) = turn.decision else { return turn }
        message.count(in: &state.tally)
        if case .send(let following) = decide(&state, &turn.resumesReading) {
            state.prepared = following
            turn.moreFollows = true
        }
        return turn
    }

    private func decide(_ state: inout State, _ resumesReading: inout Bool) -> Decision {
        for _ in 0..<service.limits.readsPerTurn {
            let head = service.reader.head
            state.session.observe(head)
            settle(&state)
            switch state.session.next(store: head.revision) {
            case .send(let message, let resumes):
                if resumes { resumesReading = true }
                return .send(message)
            case .read(let read):
                let result = shard.segments.read(read.subscription, from: read.next, in: head.origin)
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

// MARK: - Called by the shard

extension WatchStreamDriver: WatchShardMember {
    func announced(_ group: WatchGroupID, _ segment: EncodedSegment?, through: Revision) -> Int {
        state.withLock { $0.session.announced(group, segment, through: through) }
    }

    func send() {
        handle.sendNow()
    }

    func synced(through: Revision, groupsUpTo last: WatchGroupID) {
        let mustSend = state.withLock { state in
            defer { settle(&state) }
            return state.session.synced(through: through, groupsUpTo: last)
        }
        if mustSend { handle.sendNow() }
    }

    func historyReplaced() {
        let head = service.reader.head
        state.withLock { state in
            state.session.observe(head)
            settle(&state)
        }
        handle.sendNow()
    }

    func timePassed(now: Duration) {
        let mustSend = state.withLock { state in
            guard state.session.wantsTime else { return false }
            let head = service.reader.head
            state.session.observe(head)
            defer { settle(&state) }
            return state.session.timePassed(now: now, store: head.revision)
        }
        if mustSend { handle.wake() }
    }
}

extension WatchSessionStateMachine {
    /// Tells the machine which history the store is in.
    fileprivate mutating func observe(_ head: StoreHead) {
        historyObserved(head.header, of: head.origin.generation, firstWatchable: head.firstWatchable)
    }
}

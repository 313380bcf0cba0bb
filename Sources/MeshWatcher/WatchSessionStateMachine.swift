internal import DequeModule
package import MeshCore
package import MeshWire

/// Decides everything about the watches of one stream: which are made or refused, what is read and sent in which
/// order, and when a stream ends. It has no clock, does no I/O and knows neither store nor shard: revisions, time and
/// what is announced come as parameters.
///
/// A watch is a cursor, never a queue, and the watches of one subscription that are up to date share one: they are a
/// *group*. A commit does not touch a session. The stream's shard announces events to the groups that have some; a
/// *round* sends them to the members, one message each. A watch that lags behind its group reads for itself and joins
/// once it has caught up. Rounds and lagging watches take turns; what is not sent yet stays in the store.
///
/// One example: a store at revision 7; a client makes watch 0 from revision 5 on, and watch 1 from now on.
///
///     createRequested(…, store: 7)    watch 0: lags at 5; shard actions: .join(group, all keys)
///     joined(group, announced: 7)     the group's place: 8
///     createRequested(…, store: 7)    watch 1: a member of the same group
///     next(store: 7)                  → .send(created 0), then .send(created 1)
///     next(store: 7)                  → .read(for watch 0, from 5)
///     readFinished(.events(5…7))      → its message, header 7; watch 0 is a member, too
///     next(store: 7)                  → .idle
///     announced(group, 8…9)
///     next(store: 9)                  → .send(watch 1, header 9), then .send(watch 0, header 9), then .idle
///
/// How far an idle group is, a session does not know by itself: it asks its shard when a progress message has to tell
/// it (``WatchShardAction/requestSync``).
package struct WatchSessionStateMachine: ~Copyable {
    /// Whose read is under way, between `next` and `readFinished`.
    enum Reading {
        case watch(Int32)
        case group(Int32)
    }

    let identity: StoreIdentity
    /// The term that headers tell.
    var raftTerm: UInt64
    /// The history of the store that the watches are in.
    var generation: UInt64
    /// Why the stream ends once what waits has been sent; `nil` as long as it goes on.
    var ending: EtcdError?
    var readable: KeyRangeSet
    let settings: WatchSessionSettings
    /// The store's revision as last told.
    var storeRevision = Revision.none

    // Watches and groups.
    var watches = SlotArray<SessionWatch>()
    var watchSlots: [Int64: Int32] = [:]
    var groups = SlotArray<WatchGroup>()
    var groupSlots: [WatchSubscription: Int32] = [:]
    var groupSerial: UInt64 = 0
    var nextID: Int64 = 0
    var shardActions: [WatchShardAction] = []

    // Turns.
    /// The watches that read for themselves.
    var lagging = SlotLine()
    /// The groups that have something to send or to read.
    var rounds = SlotLine()
    /// The members of the groups in `rounds`.
    var membersInRounds: Int32 = 0
    /// How many messages of rounds come before a lagging watch has its turn.
    var messagesBeforeLagging: Int32 = 0
    var reading: Reading?
    /// Answers to creates and cancels, in the order of the requests, and the ends of watches.
    var answers: Deque<WatchResponseHead> = []
    var readingIsPaused = false
    /// The rest of a message that is being sent in parts.
    var parts: WatchMessage?

    // Progress.
    var progress = WatchProgress()
    /// The watches that asked for progress messages.
    var quiet: [Int64: QuietWatch] = [:]

    /// Starts without watches.
    ///
    /// - Parameters:
    ///   - identity: What the headers say of the store.
    ///   - readable: The keys that the peer may watch.
    ///   - raftTerm: The term that headers tell; ``historyObserved(_:of:firstWatchable:)`` tells later ones.
    ///   - generation: The history of the store at present; a number that only tells one from another.
    package init(
        identity: StoreIdentity,
        readable: KeyRangeSet,
        settings: WatchSessionSettings = WatchSessionSettings(),
        raftTerm: UInt64 = 1,
        generation: UInt64 = 1
    ) {
        self.identity = identity
        self.raftTerm = raftTerm
        self.generation = generation
        self.readable = readable
        self.settings = settings
    }

    /// The number of watches.
    package var watchCount: Int { watches.count }

    /// What the shard is to be asked, in order; empty again after it. To be done at once after every call.
    package mutating func takeShardActions() -> [WatchShardAction] {
        guard !shardActions.isEmpty else { return [] }
        defer { shardActions = [] }
        return shardActions
    }
}

/// What bounds a session: those of ``WatcherLimits`` that it needs.
package struct WatchSessionSettings: Sendable {
    let watchesPerStream: Int
    let pendingAnswersPerStream: Int
    let bytesPerFragment: Int
    let progressInterval: Duration

    /// - Parameter progressInterval: How long a watch that asked for it stays quiet before it is sent an empty message.
    package init(_ limits: WatcherLimits = WatcherLimits(), progressInterval: Duration = .seconds(600)) {
        watchesPerStream = limits.watchesPerStream
        pendingAnswersPerStream = limits.pendingAnswersPerStream
        bytesPerFragment = limits.bytesPerFragment
        self.progressInterval = progressInterval
    }
}

// MARK: - What the client asks

extension WatchSessionStateMachine {
    /// Whether the stream's next message may be taken.
    package enum ReadingAction: Equatable, Sendable {
        case continueReading
        /// Too many answers wait; reading goes on when ``NextAction/send(_:resumesReading:)`` says so.
        case pauseReading
    }

    /// The client asks for a watch.
    ///
    /// - Parameter peerHasRoom: Whether the client may have one more, of all that it has on its streams.
    package mutating func createRequested(
        _ request: WatchCreateRequest,
        peerHasRoom: Bool = true,
        store: Revision
    ) -> ReadingAction {
        storeAdvanced(to: store)
        // The stream has told another store's numbers.
        guard ending == nil else { return readingAction() }
        if let reason = refusal(of: request, peerHasRoom: peerHasRoom) {
            return answer(
                WatchResponseHead(
                    header: header(storeRevision),
                    watchID: Self.noWatch,
                    created: true,
                    canceled: true,
                    cancelReason: reason
                )
            )
        }
        let id = request.watchID == 0 ? freeID() : request.watchID
        let next = request.startRevision == .none ? storeRevision.next : request.startRevision
        let watch = SessionWatch(
            id: id,
            next: next,
            wantsFragments: request.fragment,
            wantsProgress: request.progressNotify,
            mustRead: next <= storeRevision
        )
        add(watch, to: WatchSubscription(request.range, options: request.options))
        return answer(WatchResponseHead(header: header(storeRevision), watchID: id, created: true))
    }

    /// The client no longer wants a watch. An unknown one gets no answer, as in etcd.
    package mutating func cancelRequested(_ id: Int64, store: Revision) -> ReadingAction {
        storeAdvanced(to: store)
        guard let slot = watchSlots[id] else { return readingAction() }
        let last = sent(to: slot)
        remove(slot)
        return answer(WatchResponseHead(header: header(last), watchID: id, canceled: true))
    }

    /// The watch ID of answers that belong to no watch.
    static var noWatch: Int64 { -1 }

    /// Why a watch is not made; `nil` if it is. The texts are etcd's, in etcd's order of checks.
    private func refusal(of request: WatchCreateRequest, peerHasRoom: Bool) -> String? {
        guard readable.contains(request.range) else { return EtcdError.permissionDenied.description }
        guard request.startRevision >= .none else { return EtcdError.compacted.message }
        guard !request.range.isEmpty else { return "mvcc: watcher range is empty" }
        // -1 is taken by the answers that belong to no watch.
        guard request.watchID == 0 || (request.watchID != Self.noWatch && watchSlots[request.watchID] == nil) else {
            return "mvcc: duplicate watch ID provided on the WatchStream"
        }
        guard peerHasRoom, watches.count < settings.watchesPerStream else {
            return EtcdError.tooManyRequests.description
        }
        return nil
    }

    private mutating func freeID() -> Int64 {
        while watchSlots[nextID] != nil { nextID += 1 }
        defer { nextID += 1 }
        return nextID
    }

    private mutating func answer(_ head: WatchResponseHead) -> ReadingAction {
        answers.append(head)
        return readingAction()
    }

    mutating func readingAction() -> ReadingAction {
        if answers.count >= settings.pendingAnswersPerStream { readingIsPaused = true }
        return readingIsPaused ? .pauseReading : .continueReading
    }

    /// The store has got to `revision`, or was there already.
    mutating func storeAdvanced(to revision: Revision) {
        storeRevision = max(storeRevision, revision)
    }

    func header(_ revision: Revision) -> ResponseHeader {
        ResponseHeader(of: identity, at: revision, raftTerm: raftTerm)
    }
}

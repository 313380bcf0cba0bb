internal import DequeModule
package import MeshCore
package import MeshWire

/// Decides everything about the watches of one stream: which are made or refused, which reads next, what is sent in
/// which order, and when a stream ends. It has no clock, does no I/O and knows no store: revisions and time come as
/// parameters.
///
/// A watch is a cursor, never a queue. It is *waiting* while it has been sent everything up to the store's revision,
/// and *ready* otherwise; ready watches take turns, one message each. What is not sent yet stays in the store.
///
/// One example: a store at revision 7; a client makes watch 0 from revision 5 on.
///
///     createRequested(…, store: 7)  → .continueReading    watch 0: next 5, ready
///     next(store: 7)                → .send(created, header 7)
///     next(store: 7)                → .read(watch 0, from 5)
///     readFinished(.events(5…7))    → the message, header 7    watch 0: next 8, waiting
///     next(store: 7)                → .idle
///     next(store: 8)                → .read(watch 0, from 8)
package struct WatchSessionStateMachine: ~Copyable {
    struct Watch {
        let subscription: WatchSubscription
        let wantsFragments: Bool
        let wantsProgress: Bool
        /// The first revision that the watch has not been sent.
        var next: Revision
        /// Since when nothing has been sent, as far as ``timePassed(now:)`` has seen.
        var quietSince: Duration?
        /// Whether the next read that finds nothing is answered with an empty message.
        var progressIsDue = false
    }

    let identity: StoreIdentity
    /// The term that headers tell.
    var raftTerm: UInt64
    /// The history of the store that the watches are in.
    var generation: UInt64
    /// Why the stream ends once what waits has been sent; `nil` as long as it goes on.
    var ending: EtcdError?
    var readable: KeyRangeSet
    let limits: WatcherLimits
    let progressInterval: Duration

    /// Once the client has said that it asks for nothing more: the revision up to which watches are still served.
    var lastRevision: Revision?
    var watches: [Int64: Watch] = [:]
    /// The watches that may have something to read, in their turn.
    var ready: Deque<Int64> = []
    /// The watches that had been sent everything up to `storeRevision`.
    var waiting: [Int64] = []
    /// The watch whose read is under way, between `next` and `readFinished`.
    var reading: Int64?
    /// The store's revision as last told.
    var storeRevision = Revision.none
    /// Answers to creates and cancels, in the order of the requests.
    var answers: Deque<WatchResponseHead> = []
    var readingIsPaused = false
    /// The rest of a message that is being sent in parts.
    var parts: WatchMessage?
    /// A request for progress waits until all watches have been sent this revision.
    var progressTarget: Revision?
    var nextID: Int64 = 0

    /// Starts without watches.
    ///
    /// - Parameters:
    ///   - identity: What the headers say of the store.
    ///   - readable: The keys that the peer may watch.
    ///   - progressInterval: How long a watch that asked for it stays quiet before it is sent an empty message.
    ///   - raftTerm: The term that headers tell; ``historyObserved(_:of:firstWatchable:)`` tells later ones.
    ///   - generation: The history of the store at present; a number that only tells one from another.
    package init(
        identity: StoreIdentity,
        readable: KeyRangeSet,
        limits: WatcherLimits = WatcherLimits(),
        progressInterval: Duration = .seconds(600),
        raftTerm: UInt64 = 1,
        generation: UInt64 = 1
    ) {
        self.identity = identity
        self.raftTerm = raftTerm
        self.generation = generation
        self.readable = readable
        self.limits = limits
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
        watches[id] = Watch(
            subscription: WatchSubscription(request.range, options: request.options),
            wantsFragments: request.fragment,
            wantsProgress: request.progressNotify,
            next: request.startRevision == .none ? storeRevision.next : request.startRevision
        )
        ready.append(id)
        return answer(WatchResponseHead(header: header(storeRevision), watchID: id, created: true))
    }

    /// The client no longer wants a watch. An unknown one gets no answer, as in etcd.
    package mutating func cancelRequested(_ id: Int64, store: Revision) -> ReadingAction {
        storeAdvanced(to: store)
        guard let watch = watches[id] else { return readingAction() }
        remove(id)
        return answer(WatchResponseHead(header: header(sent(to: watch)), watchID: id, canceled: true))
    }

    /// The client asks how far the stream is. Requests that wait together share one answer.
    package mutating func progressRequested(store: Revision) -> ReadingAction {
        storeAdvanced(to: store)
        progressTarget = storeRevision
        return readingAction()
    }

    /// The client will ask for nothing more: what it asked for is sent up to the present revision, then the stream
    /// ends.
    package mutating func clientFinished(store: Revision) {
        storeAdvanced(to: store)
        lastRevision = storeRevision
    }

    /// The watch ID of answers that belong to no watch.
    static var noWatch: Int64 { -1 }

    /// Why a watch is not made; `nil` if it is. The texts are etcd's, in etcd's order of checks.
    private func refusal(of request: WatchCreateRequest, peerHasRoom: Bool) -> String? {
        guard readable.contains(request.range) else { return EtcdError.permissionDenied.description }
        guard request.startRevision >= .none else { return EtcdError.compacted.message }
        guard !request.range.isEmpty else { return "mvcc: watcher range is empty" }
        // -1 is taken by the answers that belong to no watch.
        guard request.watchID == 0 || (request.watchID != Self.noWatch && watches[request.watchID] == nil) else {
            return "mvcc: duplicate watch ID provided on the WatchStream"
        }
        guard peerHasRoom, watches.count < limits.watchesPerStream else { return EtcdError.tooManyRequests.description }
        return nil
    }

    private mutating func freeID() -> Int64 {
        while watches[nextID] != nil { nextID += 1 }
        defer { nextID += 1 }
        return nextID
    }

    private mutating func answer(_ head: WatchResponseHead) -> ReadingAction {
        answers.append(head)
        return readingAction()
    }

    private mutating func readingAction() -> ReadingAction {
        if answers.count >= limits.pendingAnswersPerStream { readingIsPaused = true }
        return readingIsPaused ? .pauseReading : .continueReading
    }

    mutating func remove(_ id: Int64) {
        watches[id] = nil
        ready.removeAll { $0 == id }
        waiting.removeAll { $0 == id }
    }
}

// MARK: - What is sent

extension WatchSessionStateMachine {
    /// What to do for the stream's next message.
    package enum NextAction: Sendable {
        /// Send this. `resumesReading`: take the stream's next message again.
        case send(WatchMessage, resumesReading: Bool)
        /// Read this, then call ``WatchSessionStateMachine/readFinished(_:)`` before anything else.
        case read(WatchRead)
        /// There is nothing to send at present.
        case idle
        /// End the stream, as the client wished.
        case finish
        /// End the stream with this error.
        case fail(EtcdError)
    }

    /// The stream can take a message. `store` is the store's revision now.
    package mutating func next(store: Revision) -> NextAction {
        precondition(reading == nil, "watch \(reading ?? 0) still reads")
        storeAdvanced(to: store)
        if let part = nextPart() { return .send(part, resumesReading: false) }
        if let head = answers.popFirst() {
            let resumes = readingIsPaused && answers.count <= limits.pendingAnswersPerStream / 2
            if resumes { readingIsPaused = false }
            return .send(WatchMessage(head: head), resumesReading: resumes)
        }
        if let ending { return .fail(ending) }
        if let head = progressAnswer() { return .send(WatchMessage(head: head), resumesReading: false) }
        if let lastRevision, allWatchesWereSent(lastRevision) { return .finish }
        guard let id = ready.popFirst(), let watch = watches[id] else { return .idle }
        reading = id
        return .read(WatchRead(watchID: id, subscription: watch.subscription, next: watch.next))
    }

    /// The read that ``next(store:)`` asked for is done; what must be sent because of it, if anything.
    package mutating func readFinished(_ result: WatchReadResult) -> WatchMessage? {
        guard let id = reading, var watch = watches[id] else {
            preconditionFailure("no watch reads, of \(watches.count)")
        }
        reading = nil
        switch result {
        case .compacted(let revision):
            remove(id)
            return WatchMessage(
                head: WatchResponseHead(
                    header: header(sent(to: watch)),
                    watchID: id,
                    canceled: true,
                    compactRevision: revision
                )
            )
        case .events(let slice):
            watch.next = max(watch.next, slice.last.next)
            watch.quietSince = nil
            watch.progressIsDue = false
            line(up: id, watch)
            return message(id, watch, slice)
        case .nothing(let last):
            // A watch from the future is ahead of the store.
            watch.next = max(watch.next, last.next)
            let tellsProgress = watch.progressIsDue && watch.next > storeRevision
            if tellsProgress { watch.progressIsDue = false }
            line(up: id, watch)
            guard tellsProgress else { return nil }
            return WatchMessage(head: WatchResponseHead(header: header(sent(to: watch)), watchID: id))
        }
    }

    /// The store has new revisions, as far as `revision`: whoever waits for them is ready.
    mutating func storeAdvanced(to revision: Revision) {
        guard revision > storeRevision else { return }
        storeRevision = revision
        var stillWaiting: [Int64] = []
        for id in waiting {
            guard let watch = watches[id] else { continue }
            if watch.next <= revision { ready.append(id) } else { stillWaiting.append(id) }
        }
        waiting = stillWaiting
    }

    private mutating func line(up id: Int64, _ watch: Watch) {
        watches[id] = watch
        if watch.next <= storeRevision { ready.append(id) } else { waiting.append(id) }
    }

    private mutating func message(_ id: Int64, _ watch: Watch, _ slice: SegmentSlice) -> WatchMessage? {
        let whole = WatchMessage(head: WatchResponseHead(header: header(slice.last), watchID: id), events: slice)
        guard watch.wantsFragments, slice.bytes.count > limits.bytesPerFragment, slice.events.count > 1 else {
            return whole
        }
        parts = whole
        return nextPart()
    }

    private mutating func nextPart() -> WatchMessage? {
        guard var rest = parts, var events = rest.events else { return nil }
        let part = events.removePrefix(fitting: limits.bytesPerFragment)
        rest.events = events
        parts = events.events.isEmpty ? nil : rest
        var head = rest.head
        head.header = header(part.last)
        head.fragment = parts != nil
        return WatchMessage(head: head, events: part)
    }

    func header(_ revision: Revision) -> ResponseHeader {
        ResponseHeader(of: identity, at: revision, raftTerm: raftTerm)
    }

    /// The last revision of the store up to which a watch has been sent everything.
    func sent(to watch: Watch) -> Revision { min(watch.next.previous, storeRevision) }
}

// MARK: - Progress

extension WatchSessionStateMachine {
    /// Time has come to `now`, counted from any fixed point. The result says whether there is something to send.
    ///
    /// A watch is quiet from the first call after its last message on, so that it is told its progress at most one
    /// interval between two calls late, and never early.
    package mutating func timePassed(now: Duration) -> Bool {
        var isDue = false
        for id in waiting {
            guard let watch = watches[id], watch.wantsProgress else { continue }
            guard let since = watch.quietSince else {
                watches[id]?.quietSince = now
                continue
            }
            guard now - since >= progressInterval else { continue }
            watches[id]?.quietSince = now
            watches[id]?.progressIsDue = true
            isDue = true
        }
        guard isDue else { return false }
        ready.append(contentsOf: waiting.filter { watches[$0]?.progressIsDue == true })
        waiting.removeAll { watches[$0]?.progressIsDue == true }
        return true
    }

    /// The answer to a request for progress, once every watch has been sent what the store had when it was asked.
    private mutating func progressAnswer() -> WatchResponseHead? {
        guard let target = progressTarget, allWatchesWereSent(target) else { return nil }
        progressTarget = nil
        let last = watches.values.reduce(storeRevision) { min($0, $1.next.previous) }
        return WatchResponseHead(header: header(last), watchID: Self.noWatch)
    }

    private func allWatchesWereSent(_ revision: Revision) -> Bool {
        watches.values.allSatisfy { $0.next > revision }
    }
}

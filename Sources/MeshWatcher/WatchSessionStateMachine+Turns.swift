internal import DequeModule
package import MeshCore
internal import MeshWire

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
        precondition(reading == nil, "a read is not finished")
        storeAdvanced(to: store)
        if parts != nil, let part = nextPart() { return .send(part, resumesReading: false) }
        if !answers.isEmpty, let head = takeAnswer() {
            let resumes = readingIsPaused && answers.count <= settings.pendingAnswersPerStream / 2
            if resumes { readingIsPaused = false }
            return .send(WatchMessage(head: head), resumesReading: resumes)
        }
        if let ending { return .fail(ending) }
        while true {
            // After each turn anew: one without a message may have been all that progress waited for.
            if progress.isOwed {
                if let head = progressAnswer() { return .send(WatchMessage(head: head), resumesReading: false) }
                if isFinished { return .finish }
                if let head = progressNotification() { return .send(WatchMessage(head: head), resumesReading: false) }
            }
            if let action = nextTurn() { return action }
        }
    }

    /// The read that ``next(store:)`` asked for is done; what must be sent because of it, if anything.
    package mutating func readFinished(_ result: WatchReadResult) -> WatchMessage? {
        switch reading {
        case .watch(let slot)?:
            reading = nil
            return watchRead(slot, result)
        case .group(let group)?:
            reading = nil
            groupRead(group, result)
            return nil
        case nil:
            preconditionFailure("nobody reads")
        }
    }

    /// One turn: of a group, or of a watch that lags behind; `nil` if it brought nothing about that the client sees.
    ///
    /// Among groups and among lagging watches, each in turn has one message. Between the two, the messages are divided
    /// as the watches are, at least one to one: however many watches are behind, those that are up to date get every
    /// other message, and a thousand that are up to date leave one that is behind every thousandth.
    private mutating func nextTurn() -> NextAction? {
        if !lagging.isEmpty, rounds.isEmpty || messagesBeforeLagging == 0 {
            messagesBeforeLagging = max(1, membersInRounds / lagging.count)
            let slot = lagging.first
            lagging.rotate(in: &watches)
            if settle(slot) { return nil }
            reading = .watch(slot)
            return .read(
                WatchRead(
                    subscription: groups[watches[slot].group].subscription,
                    next: watches[slot].next,
                    watchID: watches[slot].id
                )
            )
        }
        let group = rounds.first
        guard group != SlotLine.nobody else { return .idle }
        messagesBeforeLagging = max(0, messagesBeforeLagging - 1)
        guard groups[group].slice != nil else {
            rounds.rotate(in: &groups)
            reading = .group(group)
            return .read(
                WatchRead(subscription: groups[group].subscription, next: groups[group].next, watchID: nil)
            )
        }
        return nextInRound(group).map { .send($0, resumesReading: false) }
    }

    /// A lagging watch's own read is done.
    private mutating func watchRead(_ slot: Int32, _ result: WatchReadResult) -> WatchMessage? {
        watches[slot].mustRead = false
        switch result {
        case .compacted(let revision):
            let head = WatchResponseHead(
                header: header(sent(to: slot)),
                watchID: watches[slot].id,
                canceled: true,
                compactRevision: revision
            )
            remove(slot)
            return WatchMessage(head: head)
        case .events(let slice):
            watches[slot].next = max(watches[slot].next, slice.last.next)
            settle(slot)
            return message(to: slot, slice)
        case .nothing(let last):
            // A watch from the future is ahead of the store.
            watches[slot].next = max(watches[slot].next, last.next)
            settle(slot)
            return nil
        }
    }

    private mutating func takeAnswer() -> WatchResponseHead? {
        let head = answers.popFirst()
        // An idle stream has no room for answers.
        if answers.isEmpty { answers = [] }
        return head
    }
}

// MARK: - Messages

extension WatchSessionStateMachine {
    /// The message that brings a slice to a watch, or its first part.
    mutating func message(to slot: Int32, _ slice: SegmentSlice) -> WatchMessage? {
        let id = watches[slot].id
        if watches[slot].wantsProgress { quiet[id] = QuietWatch() }
        let whole = WatchMessage(head: WatchResponseHead(header: header(slice.last), watchID: id), events: slice)
        guard watches[slot].wantsFragments, slice.bytes.count > settings.bytesPerFragment, slice.events.count > 1
        else {
            return whole
        }
        parts = whole
        return nextPart()
    }

    private mutating func nextPart() -> WatchMessage? {
        guard var rest = parts, var events = rest.events else { return nil }
        let part = events.removePrefix(fitting: settings.bytesPerFragment)
        rest.events = events
        parts = events.events.isEmpty ? nil : rest
        var head = rest.head
        head.header = header(part.last)
        head.fragment = parts != nil
        return WatchMessage(head: head, events: part)
    }
}

// MARK: - Lag

extension WatchSessionStateMachine {
    /// At how many watches and groups ``lackedFrom`` looks at most: those that are first in line have waited longest.
    private static let mostLookedAt = 1_024

    /// The first revision that a watch has not been sent, of those that have something to send or to read for it; `nil`
    /// if nobody has. O(those), but no more than some.
    var lackedFrom: Revision? {
        var first: Revision?
        var slot = lagging.first
        for _ in 0..<Self.mostLookedAt where slot != SlotLine.nobody {
            first = min(first ?? watches[slot].next, watches[slot].next)
            slot = watches[slot].links.next
        }
        slot = rounds.first
        for _ in 0..<Self.mostLookedAt where slot != SlotLine.nobody {
            first = min(first ?? groups[slot].next, groups[slot].next)
            slot = groups[slot].links.next
        }
        return first
    }
}

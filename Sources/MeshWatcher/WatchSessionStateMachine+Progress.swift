package import MeshCore
internal import MeshWire

/// What a session still owes of progress, and what it knows of it.
///
/// A session cannot know how far its idle groups are, as no commit touches it. `synced` is what the shard said last.
struct WatchProgress: Sendable {
    /// A request for progress waits until all watches have been sent this revision.
    var target: Revision?
    /// Once the client has said that it asks for nothing more: the revision up to which watches are still served.
    var lastRevision: Revision?
    /// The watches that have been quiet for so long that they are told their progress.
    var due: [Int64] = []
    /// The revision that they are told at least.
    var dueTarget = Revision.none

    /// All that was announced up to this revision has been told, to the groups up to `syncedGroup`.
    var synced = Revision.none
    var syncedGroup = WatchGroupID(rawValue: 0)
    /// The group that was made last.
    var newestGroup = WatchGroupID(rawValue: 0)
    /// What is said of groups up to this one is of another history.
    var lastFormerGroup = WatchGroupID(rawValue: 0)
    /// The shard was asked, and will say when it got there.
    var requested: Revision?

    /// Whether anybody waits for progress.
    var isOwed: Bool { target != nil || lastRevision != nil || !due.isEmpty }
}

/// A watch that asked for progress messages.
struct QuietWatch: Sendable {
    /// Since when nothing has been sent, as far as ``WatchSessionStateMachine/timePassed(now:store:)`` has seen.
    var since: Duration?
    /// Whether it is to be told its progress.
    var isDue = false
}

// MARK: - What is asked

extension WatchSessionStateMachine {
    /// The client asks how far the stream is. Requests that wait together share one answer.
    package mutating func progressRequested(store: Revision) -> ReadingAction {
        storeAdvanced(to: store)
        progress.target = storeRevision
        askForSync(storeRevision)
        return readingAction()
    }

    /// The client will ask for nothing more: what it asked for is sent up to the present revision, then the stream
    /// ends.
    package mutating func clientFinished(store: Revision) {
        storeAdvanced(to: store)
        progress.lastRevision = storeRevision
        askForSync(storeRevision)
    }

    /// Whether any watch asked for progress messages, so that the session has to be told the time.
    package var wantsTime: Bool { !quiet.isEmpty }

    /// Time has come to `now`, counted from any fixed point. The result says whether there is something to send.
    ///
    /// A watch is quiet from the first call after its last message on, so that it is told its progress at most one
    /// interval between two calls late, and never early.
    package mutating func timePassed(now: Duration, store: Revision) -> Bool {
        storeAdvanced(to: store)
        var isDue = false
        for (id, watch) in quiet {
            guard let slot = watchSlots[id], isIdle(slot) else { continue }
            guard let since = watch.since else {
                quiet[id]?.since = now
                continue
            }
            guard now - since >= settings.progressInterval else { continue }
            if !watch.isDue { progress.due.append(id) }
            quiet[id] = QuietWatch(since: now, isDue: true)
            isDue = true
        }
        guard isDue else { return false }
        // In the order of their IDs, so that equal sessions act alike; the last is told first.
        progress.due.sort(by: >)
        progress.dueTarget = storeRevision
        askForSync(storeRevision)
        return isSynced(storeRevision)
    }

    /// The shard tells how far the groups are: see ``WatchShardMember/synced(through:groupsUpTo:)``. The result says
    /// whether there may be something to send.
    package mutating func synced(through last: Revision, groupsUpTo group: WatchGroupID) -> Bool {
        guard group > progress.lastFormerGroup else { return askAgain(after: last) }
        storeAdvanced(to: last)
        // Less than was said before is of a group that came later; the groups before it are where they were.
        if last >= progress.synced {
            progress.synced = last
            progress.syncedGroup = max(progress.syncedGroup, group)
        }
        return askAgain(after: last)
    }

    /// Another history begins: nothing is known of it.
    mutating func forgetProgress(at revision: Revision) {
        progress.lastFormerGroup = progress.newestGroup
        progress.synced = .none
        progress.syncedGroup = progress.lastFormerGroup
        progress.requested = nil
        progress.due = []
        // What was asked of the old history is answered from the new one.
        if progress.target != nil { progress.target = revision }
        if progress.lastRevision != nil { progress.lastRevision = revision }
    }

    /// A group joins: what is owed waits for it, too.
    mutating func askForOwedSync() {
        if progress.isOwed { askForSync(owedRevision) }
    }

    private mutating func askForSync(_ revision: Revision) {
        guard !isSynced(revision), progress.requested.map({ $0 < revision }) ?? true else { return }
        progress.requested = revision
        shardActions.append(.requestSync)
    }

    /// The shard has answered up to `last`: if a group came in between, it is asked once more.
    private mutating func askAgain(after last: Revision) -> Bool {
        if let requested = progress.requested, last >= requested {
            progress.requested = nil
            askForOwedSync()
        }
        return progress.isOwed
    }

    private var owedRevision: Revision {
        max(progress.target ?? .none, progress.lastRevision ?? .none, progress.due.isEmpty ? .none : progress.dueTarget)
    }
}

// MARK: - What is told

extension WatchSessionStateMachine {
    /// The answer to a request for progress, once every watch has been sent what the store had when it was asked.
    mutating func progressAnswer() -> WatchResponseHead? {
        guard let target = progress.target, allWatchesWereSent(target) else { return nil }
        progress.target = nil
        var last = groups.count == 0 ? storeRevision : min(storeRevision, progress.synced)
        for group in rounds.slots(in: groups) { last = min(last, groups[group].next.previous) }
        for watch in lagging.slots(in: watches) { last = min(last, watches[watch].next.previous) }
        return WatchResponseHead(header: header(last), watchID: Self.noWatch)
    }

    /// Whether the stream of a client that has finished has nothing more to send.
    var isFinished: Bool {
        guard let last = progress.lastRevision else { return false }
        return allWatchesWereSent(last)
    }

    /// The message to a watch that has been quiet for long.
    mutating func progressNotification() -> WatchResponseHead? {
        guard !progress.due.isEmpty, isSynced(progress.dueTarget) else { return nil }
        while let id = progress.due.popLast() {
            guard quiet[id]?.isDue == true, let slot = watchSlots[id] else { continue }
            quiet[id]?.isDue = false
            // Events that came meanwhile tell more.
            guard isIdle(slot) else { continue }
            return WatchResponseHead(header: header(sent(to: slot)), watchID: id)
        }
        return nil
    }

    /// Up to where an idle group needs nothing, as the shard said.
    func synced(_ group: Int32) -> Revision {
        !groups[group].isLinedUp && groups[group].id <= progress.syncedGroup ? progress.synced : .none
    }

    /// Whether a watch is a member of a group that has nothing to send.
    private func isIdle(_ slot: Int32) -> Bool {
        watches[slot].isMember && !groups[watches[slot].group].isLinedUp
    }

    /// Whether every group has been told all events up to `revision`.
    private func isSynced(_ revision: Revision) -> Bool {
        groups.count == 0 || (progress.synced >= revision && progress.syncedGroup >= progress.newestGroup)
    }

    private func allWatchesWereSent(_ revision: Revision) -> Bool {
        guard isSynced(revision) else { return false }
        var group = rounds.first
        while group != SlotLine.nobody {
            if groups[group].next <= revision { return false }
            group = groups[group].links.next
        }
        var watch = lagging.first
        while watch != SlotLine.nobody {
            if watches[watch].next <= revision { return false }
            watch = watches[watch].links.next
        }
        return true
    }
}

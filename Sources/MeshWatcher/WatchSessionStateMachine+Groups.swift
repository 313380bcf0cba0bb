package import MeshCore
internal import MeshWire

// MARK: - What the shard says

extension WatchSessionStateMachine {
    /// The shard has taken a group in, and will announce all events after `announced`. An answer to
    /// ``WatchShardAction/join(_:_:)``.
    package mutating func joined(_ id: WatchGroupID, announced: Revision) {
        guard let group = slot(of: id) else { return }
        groups[group].next = announced.next
        // The watch that the group was made for.
        let watch = lagging.last
        if watch != SlotLine.nobody, watches[watch].group == group { settle(watch) }
    }

    /// A group has events: see ``WatchShardMember/announced(_:_:through:)``.
    ///
    /// A group in a round only notes how far there is something: what gathers until the round ends goes out as one.
    ///
    /// - Returns: the number of the group's watches.
    @discardableResult
    package mutating func announced(
        _ id: WatchGroupID,
        _ segment: EncodedSegment?,
        through last: Revision
    ) -> Int {
        guard let group = slot(of: id), groups[group].next != WatchGroup.unknown else { return 0 }
        let count = Int(groups[group].watchCount)
        groups[group].announcedThrough = max(groups[group].announcedThrough, last)
        guard !groups[group].isLinedUp else { return count }
        // It has been sent all that was announced before.
        let next = max(groups[group].next, synced(group).next)
        groups[group].next = next
        if let segment, segment.last >= next { begin(segment.slice(from: next), group) }
        lineUpIfDue(group)
        return count
    }

    /// The slot of a group that is there.
    private func slot(of id: WatchGroupID) -> Int32? {
        guard groups.contains(id.slot) else { return nil }
        let slot = Int32(id.slot)
        return groups[slot].id == id ? slot : nil
    }
}

// MARK: - Watches and their groups

extension WatchSessionStateMachine {
    /// Takes a watch in: into the group of its subscription, which is made if there is none.
    mutating func add(_ watch: SessionWatch, to subscription: WatchSubscription) {
        let group = groupSlots[subscription] ?? makeGroup(subscription)
        var watch = watch
        watch.group = group
        let slot = watches.insert(watch)
        watchSlots[watch.id] = slot
        if watch.wantsProgress { quiet[watch.id] = QuietWatch() }
        groups[group].watchCount += 1
        lagging.append(slot, in: &watches)
        settle(slot)
    }

    /// Makes a lagging watch a member of its group, if it has reached the group's place.
    @discardableResult
    mutating func settle(_ slot: Int32) -> Bool {
        let group = watches[slot].group
        guard !watches[slot].mustRead, watches[slot].next >= groups[group].next else { return false }
        lagging.remove(slot, in: &watches)
        watches[slot].isMember = true
        // At the end, also of a round: its `next` tells whether it lacks something of it.
        groups[group].members.append(slot, in: &watches)
        if groups[group].isLinedUp { membersInRounds += 1 }
        return true
    }

    /// Forgets a watch, and its group with the last one.
    mutating func remove(_ slot: Int32) {
        let (id, group, links) = (watches[slot].id, watches[slot].group, watches[slot].links)
        if watches[slot].isMember {
            if groups[group].isLinedUp { membersInRounds -= 1 }
            groups[group].members.remove(slot, in: &watches)
            if groups[group].cursor == slot {
                groups[group].cursor = links.next
                endRoundIfDone(group)
            }
        } else {
            lagging.remove(slot, in: &watches)
        }
        watchSlots[id] = nil
        quiet[id] = nil
        watches.remove(slot)
        groups[group].watchCount -= 1
        if groups[group].watchCount == 0 { removeGroup(group) }
    }

    private mutating func makeGroup(_ subscription: WatchSubscription) -> Int32 {
        groupSerial += 1
        let slot = groups.insert(.vacant)
        let id = WatchGroupID(serial: groupSerial, slot: slot)
        groups[slot] = WatchGroup(id: id, subscription: subscription)
        groupSlots[subscription] = slot
        progress.newestGroup = id
        shardActions.append(.join(id, subscription))
        askForOwedSync()
        return slot
    }

    private mutating func removeGroup(_ slot: Int32) {
        if groups[slot].isLinedUp { leaveLine(slot) }
        let (id, subscription) = (groups[slot].id, groups[slot].subscription)
        groupSlots[subscription] = nil
        groups.remove(slot)
        shardActions.append(.leave(id, subscription))
    }

    /// The last revision of the store up to which a watch has been sent everything.
    func sent(to slot: Int32) -> Revision {
        let own = watches[slot].next.previous
        guard watches[slot].isMember else { return min(own, storeRevision) }
        let group = watches[slot].group
        return min(max(own, groups[group].next.previous, synced(group)), storeRevision)
    }
}

// MARK: - Rounds

extension WatchSessionStateMachine {
    /// Begins to send a slice to the members of a group that is not in a round.
    mutating func begin(_ slice: SegmentSlice, _ group: Int32) {
        groups[group].slice = slice
        groups[group].cursor = slice.events.isEmpty ? SlotLine.nobody : groups[group].members.first
        endRoundIfDone(group)
        lineUpIfDue(group)
    }

    /// Ends a round in which nobody has a turn any more; the group reads on if there is more.
    mutating func endRoundIfDone(_ group: Int32) {
        guard let slice = groups[group].slice, groups[group].cursor == SlotLine.nobody else { return }
        groups[group].next = max(groups[group].next, slice.last.next)
        groups[group].slice = nil
        leaveLineIfDone(group)
    }

    /// The next message of a group's round; `nil` if nobody that is left lacks anything of it, which ends it.
    mutating func nextInRound(_ group: Int32) -> WatchMessage? {
        guard let slice = groups[group].slice else { return nil }
        let last = slice.last
        while groups[group].cursor != SlotLine.nobody {
            let slot = groups[group].cursor
            groups[group].cursor = watches[slot].links.next
            let next = watches[slot].next
            // It joined behind these events, or is of the future.
            guard next <= last else { continue }
            watches[slot].next = last.next
            let own = next <= groups[group].next ? slice : slice.suffix(from: next)
            guard !own.events.isEmpty else { continue }
            rounds.rotate(in: &groups)
            endRoundIfDone(group)
            return message(to: slot, own)
        }
        endRoundIfDone(group)
        return nil
    }

    /// A group's own read is done.
    mutating func groupRead(_ group: Int32, _ result: WatchReadResult) {
        switch result {
        case .events(let slice):
            begin(slice, group)
        case .nothing(let last):
            groups[group].next = max(groups[group].next, last.next)
            leaveLineIfDone(group)
        case .compacted(let first):
            let id = groups[group].id
            for slot in groups[group].members.slots(in: watches) {
                // What a member of the future waits for may still be there.
                guard max(watches[slot].next, groups[group].next) < first else { continue }
                answers.append(
                    WatchResponseHead(
                        header: header(sent(to: slot)),
                        watchID: watches[slot].id,
                        canceled: true,
                        compactRevision: first
                    )
                )
                remove(slot)
                if groups.count == 0 || groups[group].id != id { return }
            }
            groups[group].next = max(groups[group].next, first)
            leaveLineIfDone(group)
        }
    }

    /// Puts a group that has something to send or to read in line.
    private mutating func lineUpIfDue(_ group: Int32) {
        guard !groups[group].isLinedUp, hasSomething(group) else { return }
        groups[group].isLinedUp = true
        membersInRounds += groups[group].members.count
        rounds.append(group, in: &groups)
    }

    private mutating func leaveLineIfDone(_ group: Int32) {
        if groups[group].isLinedUp, !hasSomething(group) { leaveLine(group) }
    }

    private mutating func leaveLine(_ group: Int32) {
        groups[group].isLinedUp = false
        membersInRounds -= groups[group].members.count
        rounds.remove(group, in: &groups)
    }

    private func hasSomething(_ group: Int32) -> Bool {
        groups[group].slice != nil || groups[group].announcedThrough >= groups[group].next
    }
}

package import MeshCore
package import MeshStore

// MARK: - Joining and leaving

extension WatchShardState {
    /// Takes a group in.
    ///
    /// - Parameter changes: the store's, of now.
    /// - Returns: the revision behind which all events of the subscription will be announced to the group.
    package mutating func join(
        _ member: Member,
        _ group: WatchGroupID,
        _ subscription: WatchSubscription,
        _ changes: StoreChanges
    ) -> Revision {
        observe(changes)
        // Nobody looked as long as there was nobody to look for.
        if count == 0 { skip(to: changes) }
        let place = place(of: subscription) ?? add(subscription)
        subscriptions[place].seats.append(Seat(member: member, group: group))
        subscriptions[place].wasJoined = true
        var joined = members[member] ?? Joined()
        joined.places.append(Int32(place))
        joined.last = group
        members[member] = joined
        if let pending = subscriptions[place].pending { return pending.previous }
        return max(matched, subscriptions[place].announced)
    }

    /// A group has ended: what is announced from now on is not for it.
    package mutating func leave(_ member: Member, _ group: WatchGroupID, _ subscription: WatchSubscription) {
        guard let place = place(of: subscription),
            let seat = subscriptions[place].seats.firstIndex(where: { $0.group == group && $0.member == member })
        else { return }
        subscriptions[place].seats.remove(at: seat)
        if let left = members[member]?.places.firstIndex(of: Int32(place)) {
            members[member]?.places.remove(at: left)
            // What was seen stands elsewhere now.
            members[member]?.seen = 0
        }
        if let joined = members[member], joined.places.isEmpty {
            forget(member)
            if joined.target != nil { strangers.append(member) }
        }
        if subscriptions[place].seats.isEmpty { remove(place) }
    }

    /// Forgets a member and its groups.
    package mutating func remove(_ member: Member) {
        if !strangers.isEmpty { strangers.removeAll { $0 == member } }
        guard let joined = members[member] else { return }
        forget(member)
        for place in joined.places.map(Int.init) where subscriptions[place].serial != 0 {
            subscriptions[place].seats.removeAll { $0.member == member }
            if subscriptions[place].seats.isEmpty { remove(place) }
        }
    }

    private mutating func forget(_ member: Member) {
        members[member] = nil
        if !askers.isEmpty { askers.removeAll { $0 == member } }
        if !unaware.isEmpty { unaware.removeAll { $0 == member } }
    }

    private func place(of subscription: WatchSubscription) -> Int? {
        var found: [Int] = []
        index.find(subscription.range, into: &found)
        return found.first { subscriptions[$0].subscription.options == subscription.options }
    }

    private mutating func add(_ subscription: WatchSubscription) -> Int {
        lastSerial += 1
        let new = Subscription(subscription: subscription, serial: lastSerial, announced: matched)
        let place = free.popLast() ?? subscriptions.count
        if place < subscriptions.count { subscriptions[place] = new } else { subscriptions.append(new) }
        index.insert(subscription.range, id: place)
        return place
    }

    private mutating func remove(_ place: Int) {
        index.remove(subscriptions[place].subscription.range, id: place)
        if subscriptions[place].pending != nil { pendingCount -= 1 }
        // Its key is not kept.
        subscriptions[place] = Subscription(subscription: WatchSubscription(.all), serial: 0, announced: .none)
        free.append(place)
    }
}

// MARK: - How far the shard is

extension WatchShardState {
    /// A member asks to be told when everything that the store has now has been announced to it.
    package mutating func requestSync(_ member: Member, _ changes: StoreChanges) {
        observe(changes)
        guard let joined = members[member] else {
            if !strangers.contains(member) { strangers.append(member) }
            return
        }
        if joined.target == nil { askers.append(member) }
        members[member]?.target = changes.head.revision
        members[member]?.seen = 0
    }

    /// Whether anybody waits to be told how far the shard is.
    package var hasAskers: Bool { !askers.isEmpty || !strangers.isEmpty }

    /// Who can be told now: each once, when the shard has got as far as the store was when the member asked.
    ///
    /// O(askers), and for each of them O(its groups) between its question and its answer.
    package mutating func takeSynced() -> [Sync] {
        guard hasAskers else { return [] }
        // Who has no group is told nothing about any.
        var told = strangers.map { Sync(member: $0, through: matched, last: WatchGroupID(rawValue: 0)) }
        strangers.removeAll()
        var waiting: [Member] = []
        for member in askers {
            guard var joined = members[member], let target = joined.target else { continue }
            if isSynced(&joined, target) {
                joined.target = nil
                told.append(Sync(member: member, through: target, last: joined.last))
            } else {
                waiting.append(member)
            }
            members[member] = joined
        }
        askers = waiting
        return told
    }

    private func isSynced(_ joined: inout Joined, _ target: Revision) -> Bool {
        guard matched >= target else { return false }
        while joined.seen < joined.places.count {
            let subscription = subscriptions[Int(joined.places[joined.seen])]
            let isPending = subscription.pending.map { $0 <= target } ?? false
            if isPending || subscription.isBeingSwept { return false }
            joined.seen += 1
        }
        return true
    }
}

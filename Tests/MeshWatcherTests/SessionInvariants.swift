import Testing

@testable import MeshWatcher

extension WatchSessionStateMachine {
    /// Records an issue for everything in which lines, slots and counts do not agree.
    func checkInvariants(sourceLocation: SourceLocation = #_sourceLocation) {
        // Copies, because a closure cannot hold the machine.
        let (watches, groups, lagging, rounds) = (watches, groups, lagging, rounds)
        func expect(_ condition: Bool, _ what: String) {
            if !condition { Issue.record(Comment(rawValue: what), sourceLocation: sourceLocation) }
        }
        expect(watches.count == watchSlots.count, "\(watches.count) watches with \(watchSlots.count) IDs")
        expect(groups.count == groupSlots.count, "\(groups.count) groups of \(groupSlots.count) subscriptions")
        var watchesInGroups = 0
        var linedUp: Set<Int32> = []
        for (subscription, slot) in groupSlots {
            let group = groups[slot]
            expect(group.subscription == subscription, "\(subscription) leads to \(group.subscription)")
            expect(group.watchCount > 0, "a group without watches")
            expect(group.next != WatchGroup.unknown || reading == nil, "a group was never told its place")
            watchesInGroups += Int(group.watchCount)
            if group.isLinedUp { linedUp.insert(slot) }
            let hasWork = group.slice != nil || group.announcedThrough >= group.next
            expect(group.isLinedUp == hasWork, "a group stands in line without work, or has work and does not")
            expect((group.slice == nil) == (group.cursor == SlotLine.nobody), "a round without a turn")
            let members = group.members.slots(in: watches)
            expect(members.count == group.members.count, "a line of \(members.count) counts \(group.members.count)")
            expect(
                members.allSatisfy { watches[$0].isMember && watches[$0].group == slot },
                "a strange watch among the members"
            )
        }
        expect(watchesInGroups == watches.count, "\(watches.count) watches, \(watchesInGroups) in groups")
        let behind = lagging.slots(in: watches)
        expect(behind.allSatisfy { !watches[$0].isMember }, "a member among the lagging watches")
        let members = groupSlots.values.reduce(0) { $0 + groups[$1].members.count }
        expect(Int(members) + behind.count == watches.count, "a watch stands in no line")
        expect(Set(rounds.slots(in: groups)) == linedUp, "the groups in line are not those that say so")
        expect(
            membersInRounds == linedUp.reduce(0) { $0 + groups[$1].members.count },
            "\(membersInRounds) members in rounds are counted"
        )
        for id in quiet.keys { expect(watchSlots[id] != nil, "a quiet watch that has gone") }
    }
}

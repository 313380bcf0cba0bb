import MeshCore
import MeshStore
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatchShardTests {
    private let store = KVStore()

    private func shard(
        _ configure: (inout WatcherLimits) -> Void = { _ in }
    ) -> (shard: WatchShard, trigger: ManualTrigger, commits: CommitSubscription) {
        let (shard, trigger) = WatchShard.manual(store.reader, configure)
        return (shard, trigger, store.reader.onCommit { shard.commit() })
    }

    @Test func aCommitIsAnnouncedToWhoWatchesItAndToNobodyElse() throws {
        let (shard, trigger, commits) = shard()
        let (watching, other) = (FakeMember(shard), FakeMember(shard))
        let group = watching.join(.prefix("a"))
        other.join(.prefix("b"))
        trigger.sweepAll()
        try store.put("a", "1")
        #expect(trigger.isDue)
        trigger.sweepAll()
        #expect(watching.calls == ["announced", "send"])
        #expect(watching.groups[group]?.revisions == [2])
        #expect(other.calls.isEmpty)
        _ = commits
    }

    @Test func oneEncodingServesAllStreams() throws {
        let (shard, trigger, commits) = shard()
        let members = (0..<300).map { _ in FakeMember(shard) }
        for member in members { member.join(.all) }
        for number in 0..<10 { try store.put("k", "\(number)") }
        trigger.advance(by: .seconds(1))
        for member in members { #expect(member.groups.values.allSatisfy { $0.next == 12 }) }
        #expect(shard.segments.builds == 1)
        #expect(shard.figures.announcements == 1 && shard.figures.announcedGroups == 300)
        _ = commits
    }

    @Test func manyStreamsAreToldInPortions() throws {
        let (shard, trigger, commits) = shard()
        let members = (0..<(2 * WatchShard.groupsPerPortion + 10)).map { _ in FakeMember(shard) }
        for member in members { member.join(.prefix("a")) }
        let other = FakeMember(shard)
        other.join(.prefix("b"))
        trigger.sweepAll()
        try store.put("a", "1")
        trigger.sweepOnce()
        #expect(members.count { !$0.calls.isEmpty } == WatchShard.groupsPerPortion)
        #expect(members.allSatisfy { $0.calls.isEmpty || $0.calls == ["announced", "send"] })
        #expect(trigger.isDue, "the rest follows behind other work of the thread")
        // What comes meanwhile does not wait for all of them.
        try store.put("b", "1")
        trigger.sweepOnce()
        trigger.sweepOnce()
        #expect(other.calls == ["announced", "send"])
        trigger.sweepAll()
        #expect(members.allSatisfy { $0.calls == ["announced", "send"] })
        _ = commits
    }

    @Test func aStreamThatIsToldSeveralThingsSendsThemInOneRun() throws {
        let (shard, trigger, commits) = shard()
        let member = FakeMember(shard)
        for number in 0..<5 { member.join(.key(Key("k\(number)"))) }
        trigger.sweepAll()
        try store.transaction { for number in 0..<5 { $0.put(Key("k\(number)"), "1") } }
        trigger.sweepAll()
        #expect(member.calls == Array(repeating: "announced", count: 5) + ["send"])
        _ = commits
    }

    @Test func aBatchThatTheBoundsCutIsAnnouncedFurtherThanItsSegment() throws {
        let (shard, trigger, commits) = shard { $0.eventsPerBatch = 3 }
        let member = FakeMember(shard)
        let group = member.join(.all)
        for number in 0..<10 { try store.put("k", "\(number)") }
        trigger.sweepAll()
        #expect(member.calls == ["announced", "send"])
        #expect(member.groups[group]?.revisions == (2...11).map { Revision($0) })
        _ = commits
    }

    @Test func timesThatArePacedAreScheduled() throws {
        let (shard, trigger, commits) = shard()
        let members = (0..<100).map { _ in FakeMember(shard) }
        for member in members { member.join(.all) }
        try store.put("k", "1")
        trigger.sweepAll()
        try store.put("k", "2")
        trigger.sweepAll()
        #expect(members[0].calls == ["announced", "send"])
        #expect(trigger.time == .seconds(100) + .milliseconds(8))
        try store.put("k", "3")
        #expect(!trigger.isDue, "while everything is paced, a commit wakes nobody")
        #expect(shard.figures.largestLag == 2, "two of the store's revisions are not announced")
        trigger.advance(by: .milliseconds(8))
        #expect(members.allSatisfy { $0.calls.count == 4 })
        #expect(shard.figures.largestLag == 0)
        #expect(members.allSatisfy { $0.groups.values.allSatisfy { $0.revisions == [2, 3, 4] } })
        try store.put("k", "4")
        #expect(trigger.isDue)
        _ = commits
    }

    @Test func withoutAnybodyCommitsWakeNobody() throws {
        let (shard, trigger, commits) = shard()
        try store.put("k", "1")
        trigger.sweepAll()
        try store.put("k", "2")
        #expect(!trigger.isDue)
        let member = FakeMember(shard)
        let group = member.join(.all)
        #expect(member.groups[group]?.next == 4)
        try store.put("k", "3")
        #expect(trigger.isDue)
        trigger.sweepAll()
        #expect(member.groups[group]?.revisions == [4])
        _ = commits
    }

    @Test func aJoinWhileEverybodyIsPacedMissesNothing() throws {
        let (shard, trigger, commits) = shard()
        let members = (0..<100).map { _ in FakeMember(shard) }
        for member in members { member.join(.prefix("a")) }
        try store.put("a", "1")
        trigger.sweepAll()
        try store.put("a", "2")
        trigger.sweepAll()
        // These wake nobody, and the second is the newcomer's.
        try store.put("a", "3")
        try store.put("b", "1")
        let late = FakeMember(shard)
        let group = late.join(.prefix("b"))
        #expect(trigger.isDue)
        trigger.sweepAll()
        let first = try #require(late.groups[group]).first
        #expect(late.groups[group]?.revisions == (first <= 5 ? [5] : []))
        try store.put("b", "2")
        trigger.advance(by: .seconds(1))
        #expect(late.groups[group]?.revisions.last == 6)
        _ = commits
    }

    @Test func aStreamThatClosesWhileItIsToldSomethingHoldsUpNobody() throws {
        let (shard, trigger, commits) = shard()
        let members = (0..<10).map { _ in FakeMember(shard) }
        for member in members { member.join(.all) }
        for member in members[5...] { member.interruptOnce { member.close() } }
        members[0].interruptOnce { for member in members[1..<3] { member.close() } }
        try store.put("k", "1")
        trigger.sweepAll()
        #expect(shard.figures.members == 3)
        try store.put("k", "2")
        trigger.advance(by: .seconds(1))
        #expect(members[3].groups.values.allSatisfy { $0.revisions == [2, 3] })
        #expect(members[9].groups.isEmpty)
        _ = commits
    }

    @Test func aMemberMayJoinAndLeaveInTheMiddleOfASweep() throws {
        let (shard, trigger, commits) = shard { $0.pace = .zero }
        let (first, second) = (FakeMember(shard), FakeMember(shard))
        let left = first.join(.all)
        second.join(.all)
        first.interruptOnce { [store] in
            _ = try? store.put("k", "2")
            first.leave(left)
            first.join(.all)
        }
        try store.put("k", "1")
        trigger.sweepAll()
        try store.put("k", "3")
        trigger.advance(by: .milliseconds(1))
        #expect(second.groups.values.allSatisfy { $0.revisions == [2, 3, 4] })
        let again = try #require(first.groups.values.first)
        #expect(again.revisions == [2, 3, 4].filter { $0 >= again.first })
        _ = commits
    }

    @Test func historyTrimmedPastAShardIsReadByWhoeverItConcernsAndCompacted() throws {
        let (shard, trigger, commits) = shard()
        let member = FakeMember(shard)
        let group = member.join(.prefix("a"))
        trigger.sweepAll()
        for number in 0..<10 { try store.put("a", "\(number)") }
        try store.compact(to: 9)
        trigger.sweepAll()
        #expect(member.groups[group]?.isCompacted == true)
        _ = commits
    }

    @Test func compactionOfWhatWasAnnouncedConcernsNobody() throws {
        let (shard, trigger, commits) = shard()
        let member = FakeMember(shard)
        let (busy, idle) = (member.join(.prefix("a")), member.join(.prefix("b")))
        for number in 0..<10 { try store.put("a", "\(number)") }
        trigger.sweepAll()
        try store.compact(to: 11)
        try store.put("b", "1")
        trigger.advance(by: .seconds(1))
        #expect(member.groups[busy]?.isCompacted == false)
        #expect(member.groups[idle]?.revisions == [12])
        _ = commits
    }

    @Test func anotherHistoryIsToldToEverybody() throws {
        let replica = ReplicatedStore()
        let identity = StoreIdentity(clusterID: 1, memberID: 1)
        replica.reset(to: [KeyValue](), at: 5, identity: identity, raftTerm: 1)
        let (shard, trigger) = WatchShard.manual(replica.reader)
        let commits = replica.reader.onCommit { shard.commit() }
        let members = (0..<(WatchShard.groupsPerPortion + 5)).map { _ in FakeMember(shard) }
        for member in members { member.join(.all) }
        trigger.sweepAll()
        replica.reset(to: [KeyValue](), at: 3, identity: identity, raftTerm: 1)
        trigger.sweepAll()
        for member in members { #expect(member.calls == ["replaced"]) }
        _ = commits
    }

    @Test func whoAsksHowFarTheShardIsIsToldBehindItsAnnouncements() throws {
        let (shard, trigger, commits) = shard()
        let member = FakeMember(shard)
        member.join(.prefix("a"))
        trigger.sweepAll()
        try store.put("a", "1")
        try store.put("b", "1")
        member.requestSync()
        trigger.sweepAll()
        #expect(member.calls == ["announced", "send", "synced 3 up to 1"])
        member.forgetCalls()
        member.requestSync()
        trigger.sweepAll()
        #expect(member.calls == ["synced 3 up to 1"])
        _ = commits
    }

    @Test func aShardThatStopsWithATimerSetSweepsNoMore() throws {
        let (shard, trigger, commits) = shard()
        let members = (0..<100).map { _ in FakeMember(shard) }
        for member in members { member.join(.all) }
        try store.put("k", "1")
        trigger.sweepAll()
        try store.put("k", "2")
        trigger.sweepAll()
        #expect(trigger.time != nil)
        shard.stop()
        trigger.advance(by: .seconds(1))
        #expect(members[0].calls == ["announced", "send"])
        // Streams that close later find it as it was.
        for member in members { member.close() }
        #expect(shard.figures.members == 0)
        _ = commits
    }

    @Test func aShardIsNotKeptByItsTrigger() throws {
        weak var gone: WatchShard?
        let trigger: ManualTrigger
        do {
            let (shard, made) = WatchShard.manual(store.reader)
            (gone, trigger) = (shard, made)
        }
        #expect(gone == nil)
        trigger.schedule()
        trigger.sweepAll()
    }

    /// Whatever happens in whatever order: every group gets every event from its beginning on, once and in order.
    @Test func nothingIsLostOrToldTwice() async throws {
        try await withRandomNumbers { numbers in
            let store = KVStore()
            let (shard, trigger) = WatchShard.manual(store.reader) {
                $0.eventsPerBatch = Int.random(in: 1...20, using: &numbers)
                $0.pace = Bool.random(using: &numbers) ? .zero : .milliseconds(8)
            }
            let commits = store.reader.onCommit { shard.commit() }
            var members: [FakeMember] = []
            for step in 0..<3_000 {
                switch Int.random(in: 0..<20, using: &numbers) {
                case 0: members.append(FakeMember(shard, name: "\(step)"))
                case 1, 2: members.randomElement(using: &numbers)?.join(Self.range(&numbers), Self.options(&numbers))
                case 3:
                    guard let member = members.randomElement(using: &numbers) else { continue }
                    if let group = member.groups.keys.randomElement(using: &numbers) {
                        check(member, group, store, trigger)
                        member.leave(group)
                    }
                case 4 where step % 5 == 0:
                    guard let place = members.indices.randomElement(using: &numbers) else { continue }
                    members.remove(at: place).close()
                case 5: members.randomElement(using: &numbers)?.requestSync()
                case 6...11: try store.put(Key("k\(Int.random(in: 0..<9, using: &numbers))"), "1")
                case 12: try store.delete(.key(Key("k\(Int.random(in: 0..<9, using: &numbers))")))
                case 13:
                    try store.transaction { transaction in
                        for number in 0..<6 { transaction.put(Key("k\(number)"), "t") }
                    }
                case 14...17: trigger.sweepOnce()
                default: trigger.advance(by: .milliseconds(Int.random(in: 0...9, using: &numbers)))
                }
                if step % 64 == 0 { await Task.yield() }
            }
            for _ in 0..<10 { trigger.advance(by: .milliseconds(20)) }
            for member in members { for group in member.groups.keys { check(member, group, store, trigger) } }
            let synced = FakeMember(shard)
            synced.join(.all)
            synced.requestSync()
            trigger.advance(by: .seconds(1))
            #expect(synced.calls.last == "synced \(store.revision) up to 1")
            _ = commits
        }
    }

    /// The group has what the store has, from its beginning up to where it is; and at rest it is at the end.
    private func check(_ member: FakeMember, _ id: WatchGroupID, _ store: KVStore, _ trigger: ManualTrigger) {
        guard let group = member.groups[id] else { return }
        var cursor = WatchCursor(group.subscription.range, from: group.first, options: group.subscription.options)
        var expected: [Revision] = []
        while case .events(let batch) = store.reader.step(&cursor, maximumEvents: 10_000, maximumBytes: 1 << 30) {
            expected += batch.events.map(\.revision)
        }
        let isAtRest = !trigger.isDue && trigger.time == nil
        let due = isAtRest ? expected : expected.filter { $0 < group.next }
        #expect(group.revisions == due, "\(group.subscription.range) from \(group.first), member \(member.name)")
    }

    private static func range(_ numbers: inout SplitMix64) -> KeyRange {
        switch Int.random(in: 0..<4, using: &numbers) {
        case 0: .all
        case 1: .interval("k2", "k5")
        case 2: .from("k7")
        default: .key(Key("k\(Int.random(in: 0..<9, using: &numbers))"))
        }
    }

    private static func options(_ numbers: inout SplitMix64) -> WatchOptions {
        var options = WatchOptions()
        options.includesPuts = Int.random(in: 0..<5, using: &numbers) > 0
        options.previousPairs = Bool.random(using: &numbers)
        return options
    }
}

import MeshCore
import MeshStore
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatchShardStateTests {
    @Test func announcesOnlyWhatHasEventsAndToAllItsGroups() throws {
        let shard = TestShard()
        #expect(shard.join("A", 1, .prefix("a/")) == 1)
        #expect(shard.join("B", 1, .prefix("a/")) == 1)
        #expect(shard.join("B", 2, .key("b")) == 1)
        #expect(shard.join("C", 1, .prefix("c/")) == 1)
        #expect(shard.state.count == 3)
        try shard.store.put("a/1", "1")
        try shard.store.put("a/2", "1")
        try shard.store.put("b", "1")
        try shard.store.put("b/2", "1")
        #expect(Set(shard.sweep()) == ["a/* 2-5 A1,B1", "b 4-5 B2"])
        #expect(shard.sweep().isEmpty)
        #expect(shard.state.announcements == 2 && shard.state.announcedGroups == 3)
    }

    @Test func whatNobodyWantsToHearIsNotAnnounced() throws {
        let shard = TestShard()
        var options = WatchOptions()
        options.includesPuts = false
        _ = shard.join("A", 1, .all, options)
        try shard.store.put("k", "1")
        #expect(shard.sweep().isEmpty)
        try shard.store.delete(.key("k"))
        #expect(shard.sweep() == ["* 3-3 A1"])
        options.includesDeletes = false
        _ = shard.join("B", 1, .all, options)
        #expect(shard.state.count == 2, "other options are another subscription")
    }

    @Test func changesAreLookedAtAPortionAtATime() throws {
        let shard = TestShard()
        _ = shard.join("A", 1, .prefix("a"))
        for number in 0..<25 { try shard.store.put(Key("b\(number)"), "1") }
        try shard.store.put("a", "1")
        #expect(shard.look(maximum: 10))
        #expect(shard.state.matched == 11)
        #expect(shard.look(maximum: 10))
        #expect(!shard.look(maximum: 10))
        #expect(shard.take().map(shard.describe) == "a* 27-27 A1")
    }

    @Test func aRevisionThatWasSeenInPartIsAnnouncedWhole() throws {
        let shard = TestShard { $0.pace = .zero }
        _ = shard.join("A", 1, .prefix("a"))
        _ = shard.join("B", 1, .prefix("b"))
        try shard.store.transaction { for key in ["a1", "a2", "b1", "a3"] { $0.put(Key(key), "1") } }
        #expect(shard.look(maximum: 1))
        let first = try #require(shard.take())
        #expect(shard.describe(first) == "a* 2-2 A1")
        shard.state.finish(first, through: 2, watches: first.seats.count, now: shard.now)
        // Whoever comes now is promised what is not complete yet.
        #expect(shard.join("C", 1, .prefix("b")) == 1)
        #expect(shard.sweep() == ["b* 2-2 B1,C1"], "the rest of the revision is not announced to A again")
    }

    // MARK: - Races with joining and leaving

    @Test func aGroupThatJoinsBetweenMatchAndAnnouncementIsAnnouncedWhatWasMatched() throws {
        let shard = TestShard()
        _ = shard.join("A", 1, .prefix("a"))
        try shard.store.put("a1", "1")
        try shard.store.put("a2", "1")
        shard.look()
        #expect(shard.join("B", 1, .prefix("a")) == 1, "all after revision 1 is still to be announced")
        #expect(shard.take().map(shard.describe) == "a* 2-3 A1,B1")
    }

    @Test func aGroupThatJoinsWhileAnAnnouncementIsUnderWayIsPromisedAllBehindIt() throws {
        let shard = TestShard { $0.pace = .zero }
        _ = shard.join("A", 1, .prefix("a"))
        try shard.store.put("a1", "1")
        shard.look()
        let first = try #require(shard.take())
        #expect(shard.join("B", 1, .prefix("a")) == 2)
        try shard.store.put("a2", "1")
        // The segment was built after that, and has it.
        shard.state.finish(first, through: 3, watches: first.seats.count, now: shard.now)
        #expect(shard.sweep() == ["a* 3-3 A1,B1"], "B was not sent the segment")
    }

    @Test func whatASegmentBroughtIsNotAnnouncedAgain() throws {
        let shard = TestShard { $0.pace = .zero }
        _ = shard.join("A", 1, .prefix("a"))
        try shard.store.put("a1", "1")
        shard.look()
        let first = try #require(shard.take())
        try shard.store.put("a2", "1")
        shard.state.finish(first, through: 3, watches: first.seats.count, now: shard.now)
        #expect(shard.sweep().isEmpty)
        #expect(shard.join("B", 1, .prefix("a")) == 3)
        try shard.store.put("a3", "1")
        #expect(shard.sweep() == ["a* 4-4 A1,B1"])
    }

    @Test func whatIsMatchedDuringAnAnnouncementWaitsForItsEnd() throws {
        let shard = TestShard { $0.pace = .zero }
        _ = shard.join("A", 1, .prefix("a"))
        try shard.store.put("a1", "1")
        shard.look()
        let first = try #require(shard.take())
        try shard.store.put("a2", "1")
        try shard.store.put("a3", "1")
        shard.look()
        #expect(
            shard.take() == nil, "a subscription is announced once at a time, so that its segments keep their order")
        #expect(shard.state.pendingCount == 1)
        // The segment reached the second of three.
        shard.state.finish(first, through: 3, watches: first.seats.count, now: shard.now)
        #expect(shard.take().map(shard.describe) == "a* 4-4 A1")
        #expect(shard.state.pendingCount == 0)
    }

    @Test func whatIsMatchedDuringAnAnnouncementAndBroughtByItIsDone() throws {
        let shard = TestShard { $0.pace = .zero }
        _ = shard.join("A", 1, .prefix("a"))
        try shard.store.put("a1", "1")
        shard.look()
        let first = try #require(shard.take())
        try shard.store.put("a2", "1")
        shard.look()
        shard.state.finish(first, through: 3, watches: first.seats.count, now: shard.now)
        #expect(shard.take() == nil)
        #expect(shard.state.pendingCount == 0)
    }

    @Test func aGroupThatLeavesIsToldNothingMore() throws {
        let shard = TestShard()
        _ = shard.join("A", 1, .prefix("a"))
        _ = shard.join("A", 2, .prefix("a"))
        _ = shard.join("B", 1, .prefix("a"))
        try shard.store.put("a1", "1")
        shard.look()
        shard.leave("A", 1, .prefix("a"))
        #expect(shard.take().map(shard.describe) == "a* 2-2 A2,B1")
    }

    @Test func leavingAndJoiningAgainIsAFreshStart() throws {
        let shard = TestShard { $0.pace = .zero }
        _ = shard.join("A", 1, .prefix("a"))
        try shard.store.put("a1", "1")
        shard.look()
        let first = try #require(shard.take())
        shard.leave("A", 1, .prefix("a"))
        #expect(shard.state.count == 0)
        try shard.store.put("a2", "1")
        #expect(shard.join("A", 2, .prefix("a")) == 3, "nobody looked meanwhile: it begins with the store's present")
        // The end of what was under way is of the subscription before, though that had the same place.
        shard.state.finish(first, through: 9, watches: first.seats.count, now: shard.now)
        try shard.store.put("a3", "1")
        #expect(shard.sweep() == ["a* 4-4 A2"])
    }

    @Test func aSubscriptionThatEndsWhilePendingLeavesNothingBehind() throws {
        let shard = TestShard()
        _ = shard.join("A", 1, .prefix("a"))
        _ = shard.join("A", 2, .key("b"))
        try shard.store.put("a1", "1")
        shard.look()
        #expect(shard.state.pendingCount == 1)
        shard.state.remove("A")
        #expect(shard.state.pendingCount == 0 && shard.state.count == 0 && shard.state.memberCount == 0)
        #expect(shard.take() == nil)
        // Its place goes to another one, which is not due because of it.
        _ = shard.join("B", 1, .prefix("z"))
        #expect(shard.take() == nil)
    }

    @Test func removingAMemberLeavesTheOthers() throws {
        let shard = TestShard()
        for member in ["A", "B"] {
            _ = shard.join(member, 1, .prefix("a"))
            _ = shard.join(member, 2, .prefix("a"))
        }
        shard.state.remove("A")
        shard.state.remove("A")
        shard.leave("A", 2, .prefix("a"))
        try shard.store.put("a1", "1")
        #expect(shard.sweep() == ["a* 2-2 B1,B2"])
    }

    // MARK: - Pace

    @Test func theFirstEventGoesAtOnceAndTheNextOnesTogether() throws {
        let shard = TestShard()
        for number in 0..<100 { _ = shard.join("m\(number)", 1, .all) }
        try shard.store.put("k", "1")
        #expect(shard.sweep().count == 1)
        shard.now += .milliseconds(1)
        try shard.store.put("k", "2")
        try shard.store.put("k", "3")
        #expect(shard.sweep().isEmpty)
        #expect(shard.state.nextTime == .seconds(100) + .milliseconds(8))
        shard.now += .milliseconds(6)
        try shard.store.put("k", "4")
        #expect(shard.sweep().isEmpty)
        shard.now += .milliseconds(1)
        shard.look()
        let second = try #require(shard.take())
        #expect(second.first == 3 && second.through == 5)
        shard.state.finish(second, through: 5, watches: second.seats.count, now: shard.now)
        // After a pause, at once again.
        shard.now += .seconds(1)
        try shard.store.put("k", "5")
        #expect(shard.sweep().count == 1)
    }

    @Test func whileAllArePacedCommitsMatterToNobody() throws {
        let shard = TestShard()
        for number in 0..<100 { _ = shard.join("m\(number)", 1, .prefix("a")) }
        #expect(shard.state.wantsCommits)
        try shard.store.put("a", "1")
        shard.sweep()
        try shard.store.put("a", "2")
        shard.look()
        #expect(!shard.state.wantsCommits)
        #expect(shard.take() == nil)
        for number in 0..<10 { try shard.store.put("a", "\(number)") }
        shard.now += .milliseconds(8)
        #expect(
            shard.sweep().map { $0.prefix(7) } == ["a* 3-13"], "everything up to the moment in which it is announced")
        #expect(shard.state.wantsCommits)
    }

    @Test func commitsThatComeFastAreLookedAtTogether() throws {
        let shard = TestShard { $0.pace = .zero }
        _ = shard.join("A", 1, .prefix("a"))
        for _ in 0..<5 {
            shard.now += .microseconds(100)
            try shard.store.put("other", "1")
            shard.look()
            #expect(shard.state.wantsCommits && shard.state.nextTime == nil)
        }
        shard.now += .microseconds(99)
        try shard.store.put("a", "1")
        #expect(shard.sweep() == ["a* 7-7 A1"], "what is seen is announced at once")
        #expect(!shard.state.wantsCommits)
        #expect(shard.state.nextTime == shard.now + .microseconds(100))
        // As long as there are commits in each interval.
        for _ in 0..<5 {
            shard.now += .microseconds(180)
            try shard.store.put("a", "1")
            #expect(shard.sweep().count == 1)
            #expect(!shard.state.wantsCommits)
        }
        shard.now += .microseconds(100)
        shard.look()
        #expect(shard.state.wantsCommits && shard.state.nextTime == nil)
        // Whoever is looked for by nobody has no time either.
        shard.state.remove("A")
        #expect(!shard.state.wantsCommits && shard.state.nextTime == nil)
    }

    @Test func aMemberThatJoinsAPacedSubscriptionIsAnnouncedWhatWaits() throws {
        let shard = TestShard()
        for number in 0..<100 { _ = shard.join("m\(number)", 1, .prefix("a")) }
        try shard.store.put("a", "1")
        shard.sweep()
        try shard.store.put("a", "2")
        try shard.store.put("a", "3")
        #expect(shard.sweep().isEmpty)
        #expect(shard.join("late", 1, .prefix("a")) == 2)
        shard.now += .milliseconds(8)
        shard.look()
        let paced = try #require(shard.take())
        #expect(paced.first == 3 && paced.through == 4)
        #expect(paced.seats.contains { $0.member == "late" })
    }

    @Test func aPacedSubscriptionHoldsUpNoOther() throws {
        let shard = TestShard()
        for number in 0..<100 { _ = shard.join("m\(number)", 1, .prefix("a")) }
        _ = shard.join("B", 1, .prefix("b"))
        try shard.store.put("a", "1")
        shard.sweep()
        try shard.store.put("a", "2")
        try shard.store.put("b", "1")
        #expect(shard.sweep() == ["b* 4-4 B1"])
    }
}

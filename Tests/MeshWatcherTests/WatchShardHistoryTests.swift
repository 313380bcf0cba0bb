import MeshCore
import MeshStore
import TestSupport
import Testing

@testable import MeshWatcher

@Suite struct WatchShardHistoryTests {
    // MARK: - History

    @Test func historyThatWasTrimmedUnlookedAtIsAnnouncedToAll() throws {
        let shard = TestShard()
        _ = shard.join("A", 1, .prefix("a"))
        _ = shard.join("B", 1, .prefix("b"))
        for number in 0..<10 { try shard.store.put("a", "\(number)") }
        try shard.store.compact(to: 9)
        #expect(Set(shard.sweep()) == ["a* 2-11 A1", "b* 2-11 B1"])
        try shard.store.put("b", "1")
        #expect(shard.sweep().isEmpty, "both were swept just now")
        shard.now += .seconds(1)
        #expect(shard.sweep() == ["b* 12-12 B1"])
    }

    @Test func historyThatWasTrimmedWhilePacedIsAnnouncedFromWhereItWas() throws {
        let shard = TestShard()
        for number in 0..<100 { _ = shard.join("m\(number)", 1, .prefix("a")) }
        try shard.store.put("a", "1")
        shard.sweep()
        try shard.store.put("a", "2")
        shard.look()
        for number in 0..<10 { try shard.store.put("a", "\(number)") }
        try shard.store.compact(to: 12)
        shard.now += .milliseconds(8)
        shard.look()
        // Whoever reads from there learns that it is compacted.
        #expect(try #require(shard.take()).first == 3)
    }

    private func replica() -> ReplicatedStore {
        let store = ReplicatedStore()
        reset(store, at: 1_000)
        return store
    }

    private func reset(_ store: ReplicatedStore, at revision: Revision) {
        store.reset(to: [KeyValue](), at: revision, identity: StoreIdentity(clusterID: 1, memberID: 1), raftTerm: 1)
    }

    private func put(_ key: Key, at revision: Revision, in store: ReplicatedStore) throws {
        let pair = KeyValue(key: key, createRevision: revision, modRevision: revision, version: 1, value: [])
        try store.append([WatchEvent(kind: .put, pair: pair)], through: revision)
    }

    @Test func anotherHistoryIsToldToEveryMemberOnceAndForgetsWhatWasPending() throws {
        let store = replica()
        let shard = TestShard(store.reader)
        for number in 0..<5 { #expect(shard.join("m\(number)", 1, .prefix("a")) == 1_000) }
        try put("a", at: 1_001, in: store)
        shard.look()
        let old = try #require(shard.take())
        try put("a", at: 1_002, in: store)
        shard.look()
        reset(store, at: 7)
        #expect(!shard.look())
        #expect(shard.state.matched == 7 && shard.state.pendingCount == 0 && shard.state.nextTime == nil)
        let first = shard.unaware(maximum: 3)
        #expect(first.count == 3 && shard.state.hasUnaware)
        let rest = shard.unaware(maximum: 3)
        #expect(Set(first + rest).count == 5 && !shard.state.hasUnaware)
        #expect(shard.unaware().isEmpty)
        // The end of what was under way says nothing about the new history.
        shard.state.finish(old, through: 1_002, watches: old.seats.count, now: shard.now)
        try put("a", at: 8, in: store)
        shard.look()
        let new = try #require(shard.take())
        #expect(new.first == 8 && new.through == 8 && new.origin.generation == old.origin.generation + 1)
    }

    @Test func whoJoinsInAnotherHistoryBeforeTheShardHasLookedIsInThatOne() {
        let store = replica()
        let shard = TestShard(store.reader)
        _ = shard.join("old", 1, .prefix("a"))
        reset(store, at: 7)
        #expect(shard.join("new", 1, .prefix("a")) == 7)
        #expect(shard.unaware() == ["old"])
    }

    // MARK: - How far the shard is

    @Test func whoAsksIsToldOnceNothingIsLeftToAnnounce() throws {
        let shard = TestShard()
        _ = shard.join("A", 1, .prefix("a"))
        _ = shard.join("A", 2, .prefix("b"))
        _ = shard.join("B", 1, .prefix("b"))
        try shard.store.put("a", "1")
        shard.sync("A")
        shard.sync("B")
        #expect(shard.synced().isEmpty, "nobody has looked yet")
        shard.look()
        #expect(shard.synced() == ["B 2 up to 1"], "nothing of B's is pending")
        let announcement = try #require(shard.take())
        #expect(shard.synced().isEmpty, "the announcement is not told yet")
        shard.state.finish(announcement, through: 2, watches: announcement.seats.count, now: shard.now)
        #expect(shard.synced() == ["A 2 up to 2"])
        #expect(!shard.state.hasAskers)
    }

    @Test func aSyncAskedWhileSomethingIsPacedWaitsForItsTurn() throws {
        let shard = TestShard()
        for number in 0..<100 { _ = shard.join("m\(number)", 1, .prefix("a")) }
        try shard.store.put("a", "1")
        shard.sweep()
        try shard.store.put("a", "2")
        shard.sync("m7")
        shard.sweep()
        #expect(shard.synced().isEmpty)
        // More events do not put the answer off.
        try shard.store.put("a", "3")
        shard.now += .milliseconds(8)
        shard.sweep()
        #expect(shard.synced() == ["m7 3 up to 1"])
    }

    @Test func whoAsksAgainIsToldOnceAndAsFarAsItAskedLast() throws {
        let shard = TestShard()
        _ = shard.join("A", 1, .prefix("a"))
        shard.sync("A")
        try shard.store.put("b", "1")
        shard.sync("A")
        shard.sweep()
        #expect(shard.synced() == ["A 2 up to 1"])
        #expect(shard.synced().isEmpty)
    }

    @Test func aGroupThatJoinsWhileItsMemberWaitsIsWaitedForToo() throws {
        let shard = TestShard()
        for number in 0..<100 { _ = shard.join("m\(number)", 1, .prefix("a")) }
        _ = shard.join("A", 1, .prefix("b"))
        try shard.store.put("a", "1")
        shard.sweep()
        try shard.store.put("a", "2")
        shard.look()
        try shard.store.put("c", "1")
        shard.sync("A")
        #expect(shard.join("A", 2, .prefix("a")) == 2)
        shard.look()
        #expect(shard.synced().isEmpty, "its second group has not been announced revision 3")
        shard.leave("A", 2, .prefix("a"))
        #expect(shard.synced() == ["A 4 up to 2"])
    }

    @Test func whoHasNoGroupIsAnsweredAtOnceAndNotRemembered() throws {
        let shard = TestShard()
        shard.sync("A")
        shard.sync("A")
        #expect(shard.synced() == ["A 1 up to 0"])
        _ = shard.join("B", 1, .all)
        try shard.store.put("b", "1")
        shard.sync("B")
        shard.leave("B", 1, .all)
        #expect(shard.synced().map { $0.prefix(1) } == ["B"])
        shard.sync("C")
        shard.state.remove("C")
        #expect(!shard.state.hasAskers && shard.state.memberCount == 0)
    }

    @Test func aSyncAskedInTheHistoryBeforeIsAnsweredFromTheNewOne() throws {
        let store = replica()
        let shard = TestShard(store.reader)
        _ = shard.join("A", 3, .all)
        try put("a", at: 1_001, in: store)
        shard.sync("A")
        reset(store, at: 7)
        shard.look()
        #expect(shard.synced() == ["A 7 up to 3"])
    }

    @Test func manySubscriptionsAreFoundAndAnsweredForEachChangeAlone() throws {
        let shard = TestShard()
        for number in 0..<10_000 { _ = shard.join("m\(number % 100)", UInt64(number), .key(Key("k\(number)"))) }
        for number in stride(from: 0, to: 10_000, by: 100) { try shard.store.put(Key("k\(number)"), "1") }
        #expect(shard.sweep().count == 100)
        #expect(shard.state.announcedGroups == 100)
        for number in 0..<100 { shard.state.remove("m\(number)") }
        #expect(shard.state.count == 0)
    }
}

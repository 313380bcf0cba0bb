import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct ReplicatedStoreTests {
    private let identity = StoreIdentity(clusterID: 0xC1, memberID: 0x3E)

    private func pair(_ key: Key, created: Int64, modified: Int64, version: Int64 = 1, lease: Int64 = 0) -> KeyValue {
        KeyValue(
            key: key,
            createRevision: Revision(created),
            modRevision: Revision(modified),
            version: version,
            value: Array("\(key)@\(modified)".utf8),
            lease: LeaseID(lease)
        )
    }

    private func put(_ key: Key, at revision: Int64, created: Int64? = nil) -> WatchEvent {
        WatchEvent(kind: .put, pair: pair(key, created: created ?? revision, modified: revision))
    }

    private func delete(_ key: Key, at revision: Int64) -> WatchEvent {
        WatchEvent(kind: .delete, pair: .tombstone(key: key, modRevision: Revision(revision)))
    }

    /// A store that was told at revision 10 of `a` and `b`.
    private func listed(_ configuration: KVStoreConfiguration = KVStoreConfiguration()) -> ReplicatedStore {
        let store = ReplicatedStore(configuration: configuration)
        let pairs = [
            pair("a", created: 4, modified: 9, version: 3, lease: 77), pair("b", created: 10, modified: 10),
        ]
        store.reset(to: pairs, at: 10, identity: identity, raftTerm: 6)
        return store
    }

    private func events(_ store: ReplicatedStore, _ cursor: inout WatchCursor) throws -> [WatchEvent] {
        guard case .events(let batch) = store.reader.step(&cursor, maximumEvents: 100, maximumBytes: 10_000) else {
            return []
        }
        return batch.events
    }

    @Test func refusesToSpeakOfLeasesButCountsItsBytes() throws {
        let store = listed()
        #expect(store.reader.snapshot()["a"]?.lease == LeaseID(77))
        #expect(throws: EtcdError.leasesKeptElsewhere) { try store.reader.leases() }
        #expect(throws: EtcdError.leasesKeptElsewhere) { try store.reader.timeToLive(of: LeaseID(77)) }
        let listed = store.reader.snapshot().pairs().reduce(0) { $0 + $1.encoded.count }
        #expect(store.reader.storedBytes == listed)
        let written = put("c", at: 11)
        try store.append([written, delete("a", at: 12)], through: 12)
        let tombstone = KeyValue.tombstone(key: "a", modRevision: 12)
        #expect(store.reader.storedBytes == listed + written.pair.encoded.count + tombstone.encoded.count)
        try store.compact(to: 12)
        try store.append([put("a", at: 13)], through: 13)
        try store.compact(to: 13)
        let live = store.reader.snapshot().pairs().reduce(0) { $0 + $1.encoded.count }
        #expect(store.reader.storedBytes == live)
    }

    // MARK: - Before the first list

    @Test func refusesEveryReadBeforeTheFirstList() {
        let store = ReplicatedStore()
        #expect(throws: EtcdError.notListed) { try store.reader.range(RangeRequest(.all)) }
        #expect(throws: EtcdError.notListed) { try store.reader.snapshot().range(RangeRequest(.key("a"))) }
        var page = RangeRequest(.all)
        page.limit = 1
        #expect(throws: EtcdError.notListed) { try store.reader.range(page) }
        #expect(EtcdError.notListed.code == .unavailable)
        #expect(!store.reader.head.isReadable)
    }

    @Test func endsAWatchFromBeforeTheFirstListWithIt() {
        let store = ReplicatedStore()
        var cursor = WatchCursor(.all)
        #expect(store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .idle(upTo: 1))
        store.reset(to: [KeyValue](), at: 10, identity: identity, raftTerm: 6)
        #expect(store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .compacted(11))
    }

    // MARK: - The list

    @Test func answersAsTheFollowedStoreDoesAfterTheList() throws {
        let store = listed()
        let (header, answer) = try store.reader.answer(RangeRequest(.all))
        #expect(header == ResponseHeader(clusterID: 0xC1, memberID: 0x3E, revision: 10, raftTerm: 6))
        #expect(header == store.reader.header)
        #expect(answer.pairs.map(\.key) == ["a", "b"])
        #expect(answer.pairs.map(\.version) == [3, 1])
        #expect(answer.pairs.map(\.createRevision) == [4, 10])
        #expect(answer.pairs.map(\.lease) == [LeaseID(77), .none])
        #expect(answer.count == 2)
        #expect(store.reader.identity == identity)
        #expect(store.reader.raftTerm == 6)
    }

    @Test func readsAtTheListedRevisionAndLaterButNotBefore() throws {
        let store = listed()
        try store.append([put("a", at: 12, created: 4), delete("b", at: 13)], through: 13)
        func keys(at revision: Int64) throws -> [String] {
            var request = RangeRequest(.all)
            request.revision = Revision(revision)
            return try store.reader.range(request).pairs.map { "\($0.key)@\($0.modRevision)" }
        }
        #expect(try keys(at: 10) == ["a@9", "b@10"])
        #expect(try keys(at: 11) == ["a@9", "b@10"])
        #expect(try keys(at: 12) == ["a@12", "b@10"])
        #expect(try keys(at: 13) == ["a@12"])
        #expect(throws: EtcdError.compacted) { try keys(at: 9) }
        #expect(throws: EtcdError.futureRevision) { try keys(at: 14) }
    }

    @Test func watchesFromTheRevisionAfterTheListButNotFromTheListItself() throws {
        // What was deleted at the listed revision is not known: a watch from there would have a silent gap.
        let store = listed()
        try store.append([put("c", at: 11)], through: 11)
        var after = WatchCursor(.all, from: 11)
        #expect(try events(store, &after) == [put("c", at: 11)])
        var from = WatchCursor(.all, from: 10)
        #expect(store.reader.step(&from, maximumEvents: 1, maximumBytes: 1) == .compacted(11))
        var before = WatchCursor(.all, from: 3)
        #expect(store.reader.step(&before, maximumEvents: 1, maximumBytes: 1) == .compacted(11))
    }

    // MARK: - Changes

    @Test func keepsPairsAsTheyWereTold() throws {
        let store = listed()
        let written = pair("a", created: 4, modified: 12, version: 4, lease: 5)
        try store.append([WatchEvent(kind: .put, pair: written)], through: 12)
        #expect(store.reader.snapshot()["a"] == written)
        #expect(store.reader.revision == 12)
    }

    @Test func tellsThePairBeforeAChangeAlsoIfItWasListed() throws {
        let store = listed()
        try store.append([put("a", at: 11, created: 4), delete("b", at: 12), put("b", at: 13)], through: 13)
        var options = WatchOptions()
        options.previousPairs = true
        var cursor = WatchCursor(.all, from: 11, options: options)
        let previous = try events(store, &cursor).map { $0.previous?.modRevision }
        #expect(previous == [9, 10, nil])
    }

    @Test func refusesChangesThatDoNotContinueItsHistoryAndStaysAsItWas() throws {
        let store = listed()
        #expect(throws: ReplicationError.self) { try store.append([put("c", at: 10)], through: 11) }
        #expect(throws: ReplicationError.self) { try store.append([put("c", at: 12), put("d", at: 11)], through: 12) }
        #expect(throws: ReplicationError.self) { try store.append([put("c", at: 12)], through: 11) }
        #expect(throws: ReplicationError.self) { try store.append([], through: 9) }
        #expect(store.reader.revision == 10)
        #expect(store.reader.snapshot()["c"] == nil)
    }

    @Test func advancesWithoutChangesAndNeverGoesBack() throws {
        let store = listed()
        let woken = Locked(0)
        let subscription = store.reader.onCommit { woken.withLock { $0 += 1 } }
        store.advance(to: 15)
        store.advance(to: 12)
        try store.append([], through: 16)
        #expect(store.reader.revision == 16)
        #expect(woken.withLock { $0 } == 2)
        var cursor = WatchCursor(.all, from: 11)
        #expect(store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .idle(upTo: 16))
        subscription.cancel()
    }

    @Test func compactsOnDemandAndWithinItsBounds() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumHistoryChanges = 5
        let store = listed(configuration)
        for revision in 11...30 {
            try store.append([put("a", at: Int64(revision))], through: Revision(Int64(revision)))
        }
        #expect(store.reader.compactedRevision == 26)
        try store.compact(to: 29)
        #expect(throws: EtcdError.compacted) { try store.compact(to: 29) }
        var cursor = WatchCursor(.all, from: 28)
        #expect(store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .compacted(29))
        var allowed = WatchCursor(.all, from: 29)
        #expect(try events(store, &allowed).map(\.revision) == [29, 30])
    }

    @Test func theTermOnlyGrowsWithinAHistory() {
        let store = listed()
        let generation = store.reader.head.origin.generation
        store.note(raftTerm: 9, in: generation)
        store.note(raftTerm: 7, in: generation)
        #expect(store.reader.header.raftTerm == 9)
        store.reset(to: [KeyValue](), at: 3, identity: identity, raftTerm: 2)
        store.note(raftTerm: 9, in: generation)
        #expect(store.reader.header.raftTerm == 2)
    }

    // MARK: - Another history

    @Test func aResetEndsEveryWatchWhereverItStands() throws {
        let store = listed()
        try store.append([put("c", at: 20)], through: 20)
        var behind = WatchCursor(.all, from: 11)
        var current = WatchCursor(.all, from: 21)
        var future = WatchCursor(.all, from: 40)
        var elsewhere = WatchCursor(.key("z"))
        func step(_ cursor: inout WatchCursor) -> WatchStep {
            store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1)
        }
        _ = (step(&behind), step(&current), step(&future), step(&elsewhere))
        store.reset(to: [pair("c", created: 20, modified: 20)], at: 30, identity: identity, raftTerm: 6)
        #expect(step(&behind) == .compacted(31))
        #expect(step(&current) == .compacted(31))
        #expect(step(&future) == .compacted(31))
        #expect(step(&elsewhere) == .compacted(31))
    }

    @Test func aResetMayGoBackToAnEarlierRevision() throws {
        let store = listed()
        try store.append([put("c", at: 20)], through: 20)
        let woken = Locked(0)
        let subscription = store.reader.onCommit { woken.withLock { $0 += 1 } }
        let other = StoreIdentity(clusterID: 0xC2, memberID: 0x3E)
        store.reset(to: [pair("a", created: 2, modified: 2)], at: 5, identity: other, raftTerm: 1)
        #expect(woken.withLock { $0 } == 1)
        #expect(store.reader.header == ResponseHeader(clusterID: 0xC2, memberID: 0x3E, revision: 5, raftTerm: 1))
        #expect(try store.reader.range(RangeRequest(.all)).pairs.map(\.key) == ["a"])
        var fresh = WatchCursor(.all)
        _ = store.reader.step(&fresh, maximumEvents: 1, maximumBytes: 1)
        try store.append([put("d", at: 6)], through: 6)
        #expect(try events(store, &fresh) == [put("d", at: 6)])
        subscription.cancel()
    }

    @Test func aWatchSequenceEndsWithAResetThatCameBeforeItsFirstStep() async throws {
        let store = listed()
        let watch = store.reader.watch(.all)
        store.reset(to: [pair("c", created: 9, modified: 9)], at: 9, identity: identity, raftTerm: 7)
        var iterator = watch.makeAsyncIterator()
        await #expect(throws: StoreWatchError.compacted(10)) { _ = try await iterator.next() }
    }

    @Test func pagesOfAReplacedHistoryAreNotMixedWithTheNewOne() throws {
        let store = listed()
        var request = RangeRequest(.all)
        request.limit = 1
        #expect(try store.reader.range(request).more)
        // The other history has the same revision, and another pair there.
        let other = pair("b", created: 10, modified: 10, version: 9)
        store.reset(to: [other], at: 10, identity: identity, raftTerm: 7)
        try store.append([put("z", at: 11)], through: 11)
        (request.range, request.revision) = (.from("b"), 10)
        #expect(try store.reader.range(request).pairs == [other])
    }

    @Test func aSnapshotKeepsItsHistoryThroughAReset() throws {
        let store = listed()
        let snapshot = store.reader.snapshot()
        store.reset(to: [KeyValue](), at: 10, identity: .random(), raftTerm: 7)
        #expect(snapshot.origin.identity == identity)
        #expect(snapshot.count == 2)
        #expect(store.reader.snapshot().count == 0)
    }

    @Test func letsGoOfTheStateThatAReaderHadSeenWhenItIsReplaced() throws {
        let store = listed()
        _ = store.reader.snapshot()
        #expect(store.reader.publication.pinnedRevision == 10)
        store.reset(to: [KeyValue](), at: 12, identity: identity, raftTerm: 7)
        #expect(store.reader.publication.pinnedRevision == nil)
    }

    // MARK: - Freshness

    @Test func aLocalStoreIsAlwaysFreshAndNeverStale() async throws {
        let reader = KVStore().reader
        #expect(reader.isAlwaysFresh)
        #expect(!reader.isStale)
        try await reader.whenFresh()
    }

    @Test func aReplicatedStoreIsFreshWhenTheFollowedOneConfirmsIt() async throws {
        let store = listed()
        #expect(!store.reader.isAlwaysFresh)
        await #expect(throws: EtcdError.notFollowing) { try await store.reader.whenFresh() }
        let asked = Locked(0)
        store.setFreshness { () async throws(EtcdError) in asked.withLock { $0 += 1 } }
        try await store.reader.whenFresh()
        #expect(asked.withLock { $0 } == 1)
        store.setFreshness { () async throws(EtcdError) in throw .stopped }
        await #expect(throws: EtcdError.stopped) { try await store.reader.whenFresh() }
        store.setFreshness(nil)
        await #expect(throws: EtcdError.notFollowing) { try await store.reader.whenFresh() }
    }

    @Test func saysThatItIsStaleAndServesOn() throws {
        let store = listed()
        store.setStale(true)
        #expect(store.reader.isStale)
        #expect(try store.reader.range(RangeRequest(.all)).count == 2)
        store.setStale(false)
        #expect(!store.reader.isStale)
    }
}

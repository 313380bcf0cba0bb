import MeshCore
import MeshStore
import Testing

@testable import MeshWatcher

@Suite struct SegmentCacheHistoryTests {
    private let store = ReplicatedStore()
    private let identity = StoreIdentity(clusterID: 0xC1, memberID: 0x3E)

    private func put(_ key: Key, at revision: Int64) -> WatchEvent {
        let revision = Revision(revision)
        let pair = KeyValue(key: key, createRevision: revision, modRevision: revision, version: 1, value: [])
        return WatchEvent(kind: .put, pair: pair)
    }

    @Test func aWatchOfAnEarlierHistoryIsCompactedWhereverItStands() throws {
        let segments = SegmentCache(reader: store.reader, limits: WatcherLimits())
        store.reset(to: [KeyValue](), at: 5, identity: identity, raftTerm: 1)
        try store.append([put("old", at: 6)], through: 6)
        let origin = store.reader.head.origin
        let subscription = WatchSubscription(.all)
        guard case .events = segments.read(subscription, from: 6, in: origin) else {
            Issue.record("the change is not there")
            return
        }
        // The other history has its own revision 6.
        store.reset(to: [KeyValue](), at: 5, identity: identity, raftTerm: 2)
        try store.append([put("new", at: 6)], through: 6)
        guard case .compacted(let revision) = segments.read(subscription, from: 6, in: origin) else {
            Issue.record("a watch crossed into another history")
            return
        }
        #expect(revision == 6)
        guard case .events(let slice) = segments.read(subscription, from: 6) else {
            Issue.record("the new history cannot be watched")
            return
        }
        #expect(segments.builds == 2, "an encoding of the old history was used for the new one")
        #expect(slice.last == 6)
    }

    @Test func aWatchFromTheListedRevisionIsCompacted() {
        let segments = SegmentCache(reader: store.reader, limits: WatcherLimits())
        store.reset(to: [KeyValue](), at: 5, identity: identity, raftTerm: 1)
        guard case .compacted(let revision) = segments.read(WatchSubscription(.all), from: 5) else {
            Issue.record("changes at the listed revision are not known, and were left out silently")
            return
        }
        #expect(revision == 6)
    }
}

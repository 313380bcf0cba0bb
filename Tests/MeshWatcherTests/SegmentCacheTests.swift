import MeshCore
import MeshRPC
import MeshStore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct SegmentCacheTests {
    private let store = KVStore()
    private let all = WatchSubscription(.all)

    private func cache(_ configure: (inout WatcherLimits) -> Void = { _ in }) -> SegmentCache {
        var limits = WatcherLimits()
        configure(&limits)
        return SegmentCache(reader: store.reader, limits: limits)
    }

    /// Writes one key a revision; the first becomes revision 2.
    private func write(_ count: Int, valueBytes: Int = 1) throws {
        for _ in 0..<count {
            try store.put("k", Array(repeating: 0x76, count: valueBytes))
        }
    }

    private func slice(_ result: WatchReadResult) throws -> SegmentSlice {
        guard case .events(let slice) = result else { throw UnexpectedAction(description: "\(result), not events") }
        return slice
    }

    private func isNothing(_ result: WatchReadResult, upTo revision: Revision) -> Bool {
        if case .nothing(let last) = result { return last == revision }
        return false
    }

    @Test func watchesAtTheSamePlaceShareOneEncoding() throws {
        try write(10)
        let cache = cache()
        let first = try slice(cache.read(all, from: 2))
        for _ in 0..<1_000 {
            let again = try slice(cache.read(all, from: 2))
            #expect(again.segment === first.segment)
            #expect(again.events == first.events)
        }
        #expect(cache.builds == 1)
    }

    @Test func aWatchInsideOfASegmentTakesASliceOfIt() throws {
        try write(10)
        let cache = cache()
        let whole = try slice(cache.read(all, from: 2))
        let part = try slice(cache.read(all, from: 8))
        #expect(part.segment === whole.segment)
        #expect(part.events == 6..<10)
        #expect(part.last == 11)
        #expect(cache.builds == 1)
    }

    @Test func theBytesAreThoseOfTheEventsInTheStore() throws {
        try write(3)
        try store.delete(.key("k"))
        var options = WatchOptions()
        options.previousPairs = true
        let slice = try slice(cache().read(WatchSubscription(.all, options: options), from: 3))
        var cursor = WatchCursor(.all, from: 3, options: options)
        guard case .events(let batch) = store.reader.step(&cursor, maximumEvents: 100, maximumBytes: 10_000) else {
            throw UnexpectedAction(description: "the store has no events")
        }
        var expected: [UInt8] = []
        for event in batch.events { WatchCodec.appendEvent(event, to: &expected) }
        #expect(slice.bytes == 0..<expected.count)
        #expect(slice.segment.byteCount == slice.segment.block.count)
        let head = WatchResponseHead(header: SessionFixture.header(5), watchID: 3)
        let message = try WatchCodec.decodeResponse(WatchCodec.encodeHead(head) + expected)
        #expect(message.events == batch.events)
    }

    @Test func otherOptionsOrRangesAreOtherSegments() throws {
        try write(3)
        let cache = cache()
        var options = WatchOptions()
        options.previousPairs = true
        let plain = try slice(cache.read(all, from: 2))
        #expect(try slice(cache.read(WatchSubscription(.all, options: options), from: 2)).segment !== plain.segment)
        #expect(try slice(cache.read(WatchSubscription(.key("k")), from: 2)).segment !== plain.segment)
        #expect(cache.builds == 3)
    }

    @Test func afterACommitASlowWatchGetsOneLargerBatch() throws {
        let cache = cache()
        try write(1)
        #expect(try slice(cache.read(all, from: 2)).last == 2)
        try write(1)
        // Whoever did not keep up is not sent the short segment first.
        #expect(try slice(cache.read(all, from: 2)).events.count == 2)
        #expect(try slice(cache.read(all, from: 3)).events.count == 1)
        #expect(cache.builds == 2)
        // The short one will serve nobody any more.
        #expect(cache.size.segments == 1)
    }

    @Test func aSegmentThatTheBoundsCutServesLaterWatchesToo() throws {
        try write(10)
        let cache = cache { $0.eventsPerBatch = 4 }
        let cut = try slice(cache.read(all, from: 2))
        #expect(cut.events.count == 4)
        #expect(cut.last == 5)
        try write(5)
        #expect(try slice(cache.read(all, from: 2)).segment === cut.segment)
        #expect(try slice(cache.read(all, from: 4)).segment === cut.segment)
        #expect(try slice(cache.read(all, from: 6)).segment !== cut.segment)
        #expect(cache.builds == 2)
    }

    @Test func bytesBoundABatch() throws {
        try write(10, valueBytes: 400)
        let slice = try slice(cache { $0.bytesPerBatch = 1_024 }.read(all, from: 2))
        #expect(slice.events.count == 2)
        #expect(slice.last == 3)
    }

    @Test func aRevisionIsNotDivided() throws {
        try store.transaction { transaction in
            for index in 0..<50 { transaction.put(Key("k\(index)"), "v") }
        }
        #expect(try slice(cache { $0.eventsPerBatch = 4 }.read(all, from: 2)).events.count == 50)
    }

    @Test func whatTheWatchDoesNotWantIsPassedOver() throws {
        try write(3)
        #expect(isNothing(cache().read(WatchSubscription(.key("other")), from: 2), upTo: 4))
        #expect(isNothing(cache().read(all, from: 5), upTo: 4))
        #expect(isNothing(cache().read(all, from: 50), upTo: 4))
    }

    @Test func aPlaceBehindTheLastEventOfASegmentHasNothing() throws {
        try store.put("a", "1")
        try store.put("b", "1")
        let cache = cache()
        let subscription = WatchSubscription(.key("a"))
        #expect(try slice(cache.read(subscription, from: 2)).last == 3)
        #expect(isNothing(cache.read(subscription, from: 3), upTo: 3))
        #expect(cache.builds == 1)
    }

    @Test func compactionReachesWatchesThatASegmentCouldServe() throws {
        try write(10)
        let cache = cache()
        _ = try slice(cache.read(all, from: 2))
        try store.compact(to: 6)
        guard case .compacted(let revision) = cache.read(all, from: 2) else {
            throw UnexpectedAction(description: "a compacted revision was served")
        }
        #expect(revision == 6)
        #expect(cache.size.segments == 0)
        #expect(try slice(cache.read(all, from: 6)).events.count == 6)
    }

    @Test func theOldestSegmentsMakeRoom() throws {
        try write(1, valueBytes: 40_000)
        let byCount = cache { $0.sharedSegments = 3 }
        let byBytes = cache { $0.sharedSegmentBytes = 100_000 }
        for cache in [byCount, byBytes] {
            for index in 0..<5 {
                // Five ranges that all hold the one key.
                _ = try slice(cache.read(WatchSubscription(.from(Key([0x61 + UInt8(index)]))), from: 2))
            }
        }
        #expect(byCount.size.segments == 3)
        #expect(byBytes.size.segments == 2)
        #expect(byBytes.size.bytes <= 100_000)
        // The youngest is still there, the oldest is built anew.
        _ = byCount.read(WatchSubscription(.from("e")), from: 2)
        #expect(byCount.builds == 5)
        _ = byCount.read(WatchSubscription(.from("a")), from: 2)
        #expect(byCount.builds == 6)
    }

    @Test func oneSegmentIsKeptHoweverLarge() throws {
        try write(1, valueBytes: 200_000)
        let cache = cache { $0.sharedSegmentBytes = 65_536 }
        _ = cache.read(all, from: 2)
        _ = cache.read(all, from: 2)
        #expect(cache.builds == 1)
        #expect(cache.size.segments == 1)
    }
}

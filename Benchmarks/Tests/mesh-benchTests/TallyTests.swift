import BenchmarkSupport
import MeshCore
import MeshWire
import Testing

@testable import mesh_bench

@Suite struct TallyTests {
    private static func tally(_ numbers: [Int64], after start: Int64) -> WatchTally {
        var tally = WatchTally(after: start)
        for number in numbers { tally.received(number, after: 10) }
        return tally
    }

    @Test(
        arguments: [
            ([11, 12, 13], 0, 0), ([11, 13], 1, 0), ([], 3, 0), ([11], 2, 0), ([11, 12, 12, 13], 0, 1),
            ([12, 11, 13], 1, 1),
        ] as [([Int64], Int64, Int)])
    func whatIsMissingAndWhatComesAgainIsCounted(numbers: [Int64], lost: Int64, disordered: Int) {
        let tally = Self.tally(numbers, after: 10)
        #expect(tally.lost(upTo: 13) == lost)
        #expect(tally.disordered == disordered)
        #expect(tally.received == numbers.count)
    }

    @Test func aWatchThatWasToldThatHistoryIsGoneLosesNothing() {
        var tally = Self.tally([11], after: 10)
        tally.isCompacted = true
        #expect(tally.lost(upTo: 99) == 0)
    }

    @Test func countingAnewGoesOnWhereTheWatchIs() {
        var tally = Self.tally([11, 13], after: 10)
        tally.restart()
        #expect(tally.received == 0)
        #expect(tally.lost(upTo: 13) == 0)
        tally.received(14, after: 1)
        #expect(tally.lost(upTo: 14) == 0)
    }

    private static func message(watchID: Int64, revision: Int64, version: Int64) -> [UInt8] {
        let header = ResponseHeader(clusterID: 1, memberID: 2, revision: Revision(revision), raftTerm: 3)
        var bytes = WatchCodec.encodeHead(WatchResponseHead(header: header, watchID: watchID))
        let pair = KeyValue(
            key: "k", createRevision: 2, modRevision: Revision(revision), version: version,
            value: [100, 0, 0, 0, 0, 0, 0, 0]
        )
        WatchCodec.appendEvent(WatchEvent(kind: .put, pair: pair), to: &bytes)
        return bytes
    }

    @Test func aStreamCountsForEachOfItsWatches() {
        var stream = StreamTally(.revisions, watches: [(id: 5, after: 1), (id: 0, after: 1)])
        stream.received(Self.message(watchID: 5, revision: 2, version: 9).span, at: 150)
        stream.received(Self.message(watchID: 5, revision: 3, version: 9).span, at: 160)
        stream.received(Self.message(watchID: 0, revision: 2, version: 9).span, at: 170)
        #expect(stream.watches.map(\.last) == [3, 2])
        #expect(stream.events == 3)
        #expect(stream.lastEventAt == 170)
        #expect(stream.latencies.maximum == 70)
        #expect(stream.fault == nil)

        var result = WatchResult()
        result.add(stream) { _ in 3 }
        #expect(result.lost == 1)
        #expect(!result.isComplete)
        #expect(result.eventsPerMessage == 1)
        // Latencies of 50 and 60, and of 70: means of 55 and 70.
        #expect(result.slowestWatch == 1)
    }

    @Test func watchesOfOneKeyFollowItsVersions() {
        var stream = StreamTally(.versions, watches: [(id: 0, after: 1)])
        stream.received(Self.message(watchID: 0, revision: 50, version: 2).span, at: 150)
        stream.received(Self.message(watchID: 0, revision: 90, version: 4).span, at: 150)
        #expect(stream.watches[0].missing == 1)
    }

    @Test func anEventOfAWatchThatThereIsNotIsAFault() {
        var stream = StreamTally(.revisions, watches: [(id: 1, after: 1)])
        for watchID in [0, 2, -1] as [Int64] {
            stream.received(Self.message(watchID: watchID, revision: 2, version: 1).span, at: 150)
        }
        #expect(stream.fault != nil)
        #expect(stream.watches[0].received == 0)
    }

    @Test func theEndOfAStreamAndWhatIsNoMessageAreFaults() {
        var stream = StreamTally(.revisions, watches: [(id: 1, after: 1)])
        stream.ended("gone")
        #expect(stream.fault == "a stream ended: gone")
        var other = StreamTally(.revisions, watches: [(id: 1, after: 1)])
        other.received([0xFF].span, at: 1)
        #expect(other.fault != nil)
    }
}

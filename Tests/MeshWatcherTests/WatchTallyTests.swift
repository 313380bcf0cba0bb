import Testing

@testable import MeshWatcher

@Suite struct WatchTallyTests {
    @Test func beginsAnewWhenItIsTaken() {
        var tally = WatchTally()
        tally.sent(events: 3, bytes: 30)
        tally.sent(events: 1, bytes: 12)
        tally.endedAsCompacted()
        let taken = tally.take()
        #expect((taken.batches, taken.events, taken.bytes) == (2, 4, 42))
        #expect((taken.largestBatch, taken.compacted) == (3, 1))
        #expect(tally == WatchTally())
    }

    @Test func addsUpButKeepsTheLargestBatch() {
        var sum = WatchTally()
        var other = WatchTally()
        sum.sent(events: 5, bytes: 1)
        other.sent(events: 2, bytes: 1)
        other.endedAsCompacted()
        sum.add(other)
        #expect((sum.batches, sum.events, sum.bytes) == (2, 7, 2))
        #expect((sum.largestBatch, sum.compacted) == (5, 1))
    }
}

import Testing

@testable import ClusterMeshTestKit

@Suite struct RelayPipeTests {
    let start = ContinuousClock.now

    @Test func bytesLeaveInTheOrderTheyCame() {
        var pipe = RelayPipe()
        pipe.received([1, 2, 3], at: start, under: LinkCondition())
        pipe.received([4], at: start, under: LinkCondition())
        #expect(pipe.buffered == 4)
        #expect(pipe.due(at: start, under: LinkCondition()) == [1, 2, 3])
        pipe.wrote(2, under: LinkCondition())
        #expect(pipe.due(at: start, under: LinkCondition()) == [3])
        pipe.wrote(1, under: LinkCondition())
        #expect(pipe.due(at: start, under: LinkCondition()) == [4])
        pipe.wrote(1, under: LinkCondition())
        #expect(pipe.due(at: start, under: LinkCondition()).isEmpty)
        #expect(pipe.buffered == 0)
    }

    @Test func delayedBytesWaitForTheirTime() {
        var condition = LinkCondition()
        condition.latency = .milliseconds(40)
        var pipe = RelayPipe()
        pipe.received([1], at: start, under: condition)
        #expect(pipe.due(at: start + .milliseconds(39), under: condition).isEmpty)
        #expect(pipe.nextDue(after: start, under: condition) == start + .milliseconds(40))
        #expect(pipe.due(at: start + .milliseconds(40), under: condition) == [1])
    }

    @Test func aThrottledPipePassesItsRate() {
        var condition = LinkCondition()
        condition.bytesPerSecond = 1000
        var pipe = RelayPipe()
        pipe.received([UInt8](repeating: 7, count: 5000), at: start, under: condition)
        var passed = 0
        for tick in 0...100 {
            let due = pipe.due(at: start + .milliseconds(10 * tick), under: condition)
            pipe.wrote(due.count, under: condition)
            passed += due.count
        }
        #expect((900...1100).contains(passed), "\(passed) bytes in a second at 1,000 a second")
    }

    @Test func aFullPipeTakesNothingMore() {
        var pipe = RelayPipe()
        pipe.received([UInt8](repeating: 0, count: RelayPipe.capacity), at: start, under: LinkCondition())
        #expect(pipe.room == 0)
    }

    @Test func anEndedPipeIsDrainedOnceEverythingIsWritten() {
        var pipe = RelayPipe()
        pipe.received([1], at: start, under: LinkCondition())
        pipe.senderFinished()
        #expect(!pipe.isDrained)
        #expect(pipe.room == 0)
        pipe.wrote(1, under: LinkCondition())
        #expect(pipe.isDrained)
    }
}

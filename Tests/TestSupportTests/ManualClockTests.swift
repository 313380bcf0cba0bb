import TestSupport
import Testing

@Suite struct ManualClockTests {
    @Test func standsStillUntilItIsMoved() async throws {
        let clock = ManualClock()
        let start = clock.now
        clock.advance(by: .seconds(5))
        #expect(start.duration(to: clock.now) == .seconds(5))
        // In the past: no wait.
        try await clock.sleep(until: start)
    }

    @Test func wakesWhoseTimeHasComeAndNobodyElse() async throws {
        let clock = ManualClock()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for seconds in [3, 1, 2] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    return seconds
                }
            }
            try await eventually { clock.sleeperCount == 3 }
            clock.advance(by: .seconds(1))
            #expect(try await group.next() == 1)
            #expect(clock.sleeperCount == 2)
            clock.advance(by: .seconds(2))
            var others: [Int] = []
            for try await seconds in group { others.append(seconds) }
            #expect(others.sorted() == [2, 3])
        }
    }

    @Test func aCancelledSleepEnds() async throws {
        let clock = ManualClock()
        let task = Task { try await clock.sleep(for: .seconds(1)) }
        try await eventually { clock.sleeperCount == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeperCount == 0)
    }
}

import Foundation
import Synchronization
import Testing

/// A data race on purpose, so that a run under ThreadSanitizer can be seen to fail. Off unless asked for.
@Suite struct PlantedRaceTests {
    /// `@unchecked Sendable` is the fault that is planted here.
    final class Unguarded: @unchecked Sendable {
        var count = 0
        /// Whose turn it is. Relaxed, so that it makes the threads write one after the other and orders nothing.
        let turn = Atomic<Int>(0)
    }

    @Test(.enabled(if: getenv("MESH_PLANT_RACE") != nil))
    func twoThreadsWriteWithoutALock() {
        let unguarded = Unguarded()
        let done = DispatchSemaphore(value: 0)
        for turn in 0..<2 {
            Thread.detachNewThread {
                while unguarded.turn.load(ordering: .relaxed) < turn { sched_yield() }
                for _ in 0..<1_000 { unguarded.count += 1 }
                unguarded.turn.store(turn + 1, ordering: .relaxed)
                // Stays until both have written: the end of a thread would order its writes before what follows.
                while unguarded.turn.load(ordering: .relaxed) < 2 { sched_yield() }
                done.signal()
            }
        }
        for semaphore in [done, done] { semaphore.wait() }
        #expect(unguarded.count > 0)
    }
}

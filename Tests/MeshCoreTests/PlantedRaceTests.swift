import Foundation
import Testing

/// A data race on purpose, so that a run under ThreadSanitizer can be seen to fail. Off unless asked for.
@Suite struct PlantedRaceTests {
    /// `@unchecked Sendable` is the fault that is planted here.
    final class Unguarded: @unchecked Sendable {
        var count = 0
    }

    /// Threads and not tasks, and both there before either writes: what starts after the other has ended is ordered
    /// behind it, and then there is no race.
    @Test(.enabled(if: getenv("MESH_PLANT_RACE") != nil))
    func twoThreadsWriteWithoutALock() {
        let unguarded = Unguarded()
        let go = DispatchSemaphore(value: 0)
        let there = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<2 {
            Thread.detachNewThread {
                there.signal()
                go.wait()
                for _ in 0..<100_000 { unguarded.count += 1 }
                done.signal()
            }
        }
        for semaphore in [there, there] { semaphore.wait() }
        for semaphore in [go, go] { semaphore.signal() }
        for semaphore in [done, done] { semaphore.wait() }
        #expect(unguarded.count > 0)
    }
}

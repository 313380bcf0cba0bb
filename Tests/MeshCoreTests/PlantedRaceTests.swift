import Foundation
import Testing

/// A data race on purpose, so that a run under ThreadSanitizer can be seen to fail. Off unless asked for.
@Suite struct PlantedRaceTests {
    /// `@unchecked Sendable` is the fault that is planted here.
    final class Unguarded: @unchecked Sendable {
        var count = 0
    }

    /// Threads and not tasks: two tasks may run one after the other on one thread, and then there is no race.
    @Test(.enabled(if: getenv("MESH_PLANT_RACE") != nil))
    func twoThreadsWriteWithoutALock() {
        let unguarded = Unguarded()
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<2 {
            Thread.detachNewThread {
                for _ in 0..<100_000 { unguarded.count += 1 }
                done.signal()
            }
        }
        done.wait()
        done.wait()
        #expect(unguarded.count > 0)
    }
}

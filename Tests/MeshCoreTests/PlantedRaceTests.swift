import Glibc
import Testing

/// A data race on purpose, so that a run under ThreadSanitizer can be seen to fail. Off unless asked for.
@Suite struct PlantedRaceTests {
    /// `@unchecked Sendable` is the fault that is planted here.
    final class Unguarded: @unchecked Sendable {
        var count = 0
    }

    @Test(.enabled(if: getenv("MESH_PLANT_RACE") != nil))
    func twoTasksWriteWithoutALock() async {
        let unguarded = Unguarded()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 { unguarded.count += 1 }
                }
            }
        }
        #expect(unguarded.count > 0)
    }
}

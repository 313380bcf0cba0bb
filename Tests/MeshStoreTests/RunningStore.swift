import MeshStore
import TestSupport
import Testing

/// Runs `body` while `store`, which was made with `clock`, runs.
func withRunning(_ store: KVStore, _ clock: ManualClock, _ body: () async throws -> Void) async throws {
    let run = Task { try await store.run() }
    do {
        try await eventually("the store runs") { clock.sleeperCount == 1 }
        try await body()
    } catch {
        run.cancel()
        _ = await run.result
        throw error
    }
    run.cancel()
    try await run.value
}

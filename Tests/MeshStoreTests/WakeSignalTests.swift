import TestSupport
import Testing

@testable import MeshStore

@Suite struct WakeSignalTests {
    @Test func keepsOneWakeForAWaitThatComesLater() async throws {
        let signal = WakeSignal()
        signal.wake()
        signal.wake()
        try await within(.seconds(10)) { await signal.wait() }
        // Both wakes counted as one: the next wait has to be woken anew.
        try await within(.seconds(10)) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await signal.wait() }
                group.addTask { signal.wake() }
            }
        }
    }

    @Test func endsAWaitWhenItsTaskIsCancelled() async throws {
        let signal = WakeSignal()
        try await within(.seconds(10)) {
            let task = Task { await signal.wait() }
            task.cancel()
            await task.value
        }
    }
}

import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct ServingHealthTests {
    private final class Watcher: Sendable {
        let wakes = Locked(0)
        var id: ObjectIdentifier { ObjectIdentifier(self) }
        func wake() { wakes.withLock { $0 += 1 } }
    }

    @Test func onlyTheServerAsAWholeHasAState() {
        let health = ServingHealth()
        #expect(health.status(of: "") == .serving)
        #expect(health.status(of: "etcdserverpb.KV") == nil)
        health.isServing = false
        #expect(health.status(of: "") == .notServing)
        #expect(ServingHealth(isServing: false).status(of: "") == .notServing)
    }

    @Test func watchersAreWokenByChangesOnly() {
        let health = ServingHealth(isServing: false)
        let watcher = Watcher()
        health.add(watcher.id) { watcher.wake() }
        health.isServing = false
        #expect(watcher.wakes.withLock { $0 } == 0)
        health.isServing = true
        health.isServing = true
        #expect(watcher.wakes.withLock { $0 } == 1)
        health.remove(watcher.id)
        health.isServing = false
        #expect(watcher.wakes.withLock { $0 } == 1)
        #expect(health.watcherCount == 0)
    }
}

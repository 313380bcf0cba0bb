import MeshCore
import TestSupport
import Testing

@Suite struct LockedTests {
    private struct Refusal: Error, Equatable {}

    @Test func losesNoUpdateUnderContention() async throws {
        let counts = Locked([Int](repeating: 0, count: 8))
        try await within(.seconds(60)) {
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for round in 0..<5_000 {
                            counts.withLock { counts in
                                // Several words at once: a second thread inside would leave them unequal.
                                for index in counts.indices { counts[index] += 1 }
                            }
                            if round % 500 == task { await Task.yield() }
                        }
                    }
                }
            }
        }
        #expect(counts.withLock { $0 } == [Int](repeating: 40_000, count: 8))
    }

    @Test func isFreeAgainAfterAnError() {
        let lock = Locked(0)
        #expect(throws: Refusal()) {
            try lock.withLock { value throws(Refusal) in
                value = 1
                throw Refusal()
            }
        }
        #expect(lock.withLock { $0 } == 1)
        #expect(lock.withLockIfAvailable { $0 } == 1)
    }

    @Test func comesBackAtOnceWhenItIsTakenAndMayNotWait() async throws {
        let lock = Locked(0)
        // The answer is awaited under the lock: for one thread that would be a deadlock if it waited.
        let result = lock.withLock { _ in lock.withLockIfAvailable { $0 } }
        #expect(result == nil)
        #expect(lock.withLockIfAvailable { $0 } == 0)
    }

    @Test func holdsAStateThatCantBeCopied() {
        struct Counter: ~Copyable { var count = 0 }
        let lock = Locked(Counter())
        lock.withLock { $0.count += 1 }
        #expect(lock.withLock { $0.count } == 1)
    }

    @Test func releasesItsState() {
        final class Witness: Sendable {}
        weak var witness: Witness?
        do {
            let strong = Witness()
            witness = strong
            let lock = Locked([strong])
            #expect(lock.withLock { $0.count } == 1)
        }
        #expect(witness == nil)
    }

    @Test func stopsTheProcessWhenOneThreadTakesItTwice() async {
        await #expect(processExitsWith: .failure) {
            let lock = Locked(0)
            lock.withLock { _ in lock.withLock { _ in } }
        }
    }
}

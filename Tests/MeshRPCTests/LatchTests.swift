import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(1))) struct MeshRPCLatchTests {
    @Test func allWhoWaitGoOnWhenItOpens() async throws {
        let latch = Latch()
        try await within(.seconds(10)) {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { await latch.wait() } }
                for _ in 0..<10 { group.addTask { await latch.waitUnlessCancelled() } }
                latch.open()
                latch.open()
            }
            await latch.wait()
            await latch.waitUnlessCancelled()
        }
        #expect(latch.isOpen)
    }

    @Test func aCancelledTaskDoesNotWait() async throws {
        let latch = Latch()
        try await within(.seconds(10)) {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { await latch.waitUnlessCancelled() } }
                group.cancelAll()
            }
        }
        #expect(!latch.isOpen)
    }

    @Test func aWaitHasAnEnd() async throws {
        let latch = Latch()
        try await within(.seconds(10)) {
            await latch.wait(atMost: .milliseconds(20))
            await latch.wait(atMost: .zero)
        }
        #expect(!latch.isOpen)
    }

    @Test func aBoundedWaitEndsEarlyWhenItOpens() async throws {
        let latch = Latch()
        try await within(.seconds(10)) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await latch.wait(atMost: .seconds(1000)) }
                latch.open()
            }
        }
    }
}

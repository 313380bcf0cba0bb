import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct KVStoreCompactionTests {
    private let clock = ManualClock()

    private func store(_ change: (inout KVStoreConfiguration) -> Void = { _ in }) -> KVStore {
        var configuration = KVStoreConfiguration()
        configuration.maintenancePeriod = .seconds(1)
        configuration.maximumHistoryAge = .seconds(100)
        change(&configuration)
        return KVStore(configuration: configuration, clock: clock)
    }

    @Test func forgetsWhatIsOlderThanItsAge() async throws {
        let store = store()
        try store.put("a", "1")
        try await withRunning(store, clock) {
            try await clock.step(by: .seconds(1), times: 50)
            try store.put("a", "2")
            try await clock.step(by: .seconds(1), times: 50)
            #expect(store.compactedRevision == 2, "what was present a hundred seconds ago")
            try await clock.step(by: .seconds(1), times: 49)
            #expect(store.compactedRevision == 2)
            try await clock.step(by: .seconds(1), times: 2)
            #expect(store.compactedRevision == 3)
            try await clock.step(by: .seconds(1), times: 200)
            #expect(store.compactedRevision == 3, "the present revision always stays")
        }
        #expect(store.get("a") != nil)
    }

    @Test func keepsEverythingYoungerThanItsAgeUnderConstantWriting() async throws {
        let store = store()
        try await withRunning(store, clock) {
            for second in 1...400 {
                try store.put("key", "\(second)")
                try await clock.step(by: .seconds(1))
                // Revision r was the present one until second r - 1.
                let oldest = Int64(second - 100)
                #expect(store.compactedRevision.rawValue <= max(0, oldest + 1))
                if oldest > 3 { #expect(store.compactedRevision.rawValue >= oldest - 1) }
            }
        }
    }

    @Test func dropsALongHistoryWithoutKeepingWritersOut() async throws {
        let store = store()
        try await withRunning(store, clock) {
            for number in 0..<20_000 { try store.put("key/\(number % 100)", "") }
            try await clock.step(by: .seconds(2))
            try await clock.step(by: .seconds(101))
            #expect(store.compactedRevision == 20_001)
            #expect(store.snapshot().count == 100)
        }
    }

    @Test func watchesThatAreTooFarBehindEndWithTheCompactedRevision() async throws {
        let store = store()
        for number in 0..<10 { try store.put("key", "\(number)") }
        var behind = WatchCursor(.all, from: 5)
        try await withRunning(store, clock) { try await clock.step(by: .seconds(100)) }
        #expect(store.reader.step(&behind, maximumEvents: 1, maximumBytes: 1) == .compacted(11))
    }

    @Test func forgetsNothingByAgeWhereNoneIsSetOrNobodyRunsIt() async throws {
        let unbounded = store { $0.maximumHistoryAge = nil }
        let resting = store()
        for store in [unbounded, resting] { for _ in 0..<5 { try store.put("a", "") } }
        try await withRunning(unbounded, clock) { try await clock.step(by: .seconds(50), times: 100) }
        #expect(unbounded.compactedRevision == .none)
        #expect(resting.compactedRevision == .none)
    }

    @Test func knowsAgesFromThenOnWhenItRunsAgain() async throws {
        let store = store()
        try store.put("a", "1")
        try await withRunning(store, clock) { try await clock.step(by: .seconds(60)) }
        try store.put("a", "2")
        clock.advance(by: .seconds(1_000))
        try await withRunning(store, clock) {
            try await clock.step(by: .seconds(99))
            #expect(store.compactedRevision == .none)
            try await clock.step(by: .seconds(1))
            #expect(store.compactedRevision == 3)
        }
    }
}

import Logging
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct HeartbeatTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func beating(
        _ store: KVStore, _ body: (ManualClock, Locked<Int64>) async throws -> Void
    ) async throws {
        let (clock, time) = (ManualClock(), Locked<Int64>(1_800_000_000))
        let heartbeat = Heartbeat(
            in: store, every: .seconds(60), clock: clock, time: { time.withLock { $0 } }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await heartbeat.run() }
            defer { group.cancelAll() }
            try await body(clock, time)
        }
    }

    private func beat(_ store: KVStore) -> String? {
        store.get(KeyLayout.heartbeat).map { String(decoding: $0.value, as: UTF8.self) }
    }

    @Test func itIsWrittenAtOnceAndThenOnceAnInterval() async throws {
        let store = KVStore()
        try await beating(store) { clock, time in
            try await clock.step(by: .seconds(59))
            #expect(beat(store) == "2027-01-15T08:00:00Z")
            #expect(store.revision == 2)
            time.withLock { $0 += 60 }
            try await clock.step(by: .seconds(1))
            #expect(beat(store) == "2027-01-15T08:01:00Z")
            try await clock.step(by: .seconds(60))
            #expect(store.get(KeyLayout.heartbeat)?.version == 3, "also where the time is the same")
        }
    }

    @Test func aStoreThatIsFullGetsItWhenThereIsRoom() async throws {
        var limits = KVStoreConfiguration()
        limits.maximumKeys = 1
        let store = KVStore(configuration: limits)
        try store.put("a", "1")
        try await beating(store) { clock, _ in
            try await clock.step(by: .seconds(60))
            #expect(beat(store) == nil)
            try store.delete(.key("a"))
            try await clock.step(by: .seconds(60))
            #expect(beat(store) != nil)
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (-5, "1970-01-01T00:00:00Z"), (Int64.max, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func timesAreWrittenAsRFC3339(_ seconds: Int64, _ text: String) {
        #expect(UTCTime.rfc3339(seconds) == text)
    }
}

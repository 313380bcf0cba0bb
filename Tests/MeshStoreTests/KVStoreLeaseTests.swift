import Logging
import MeshCore
import ServiceLifecycle
import TestSupport
import Testing

@testable import MeshStore

@Suite struct KVStoreLeaseTests {
    private let clock = ManualClock()

    private func running(_ store: KVStore, _ body: () async throws -> Void) async throws {
        try await withRunning(store, clock, body)
    }

    @Test func deletesWhatIsAttachedToALeaseThatIsNotKeptAlive() async throws {
        let store = KVStore(clock: clock)
        let lease = try store.perform(LeaseGrantRequest(ttl: 5)).id
        try store.put("a", "1", lease: lease)
        try store.put("b", "1", lease: lease)
        try store.put("c", "1")
        try await running(store) {
            try await clock.step(by: .milliseconds(500), times: 9)
            #expect(try store.reader.timeToLive(of: lease).ttl == 0)
            #expect(store.get("a") != nil)
            #expect(store.keepLeaseAlive(lease).ttl == 5)
            try await clock.step(by: .milliseconds(500), times: 9)
            #expect(store.get("a") != nil)
            try await clock.step(by: .milliseconds(500))
            #expect(store.snapshot().pairs().map(\.key) == ["c"])
            #expect(store.revision == 5, "both in one revision")
            #expect(try store.reader.timeToLive(of: lease).ttl == -1)
            #expect(store.keepLeaseAlive(lease).ttl == 0)
            #expect(try store.reader.leases().leases == [])
        }
    }

    @Test func endsLeasesOneRevisionEachInTheOrderOfTheirTimes() async throws {
        let store = KVStore(clock: clock)
        for (key, ttl) in [("late", 4), ("early", 2), ("middle", 3)] as [(Key, Int64)] {
            let lease = try store.perform(LeaseGrantRequest(ttl: ttl)).id
            try store.put(key, "", lease: lease)
        }
        try await running(store) { try await clock.step(by: .seconds(60)) }
        #expect(store.revision == 7)
        var cursor = WatchCursor(.all, from: 5)
        let step = store.reader.step(&cursor, maximumEvents: 10, maximumBytes: 1_000)
        guard case .events(let batch) = step else {
            Issue.record("\(step)")
            return
        }
        #expect(batch.events.map(\.pair.key) == ["early", "middle", "late"])
        #expect(batch.events.map(\.revision) == [5, 6, 7])
    }

    @Test func endsManyLeasesAtOnceWithoutKeepingWritersOut() async throws {
        let store = KVStore(clock: clock)
        for number in 0..<2_000 {
            let lease = try store.perform(LeaseGrantRequest(ttl: 3)).id
            try store.put("key/\(number)", "", lease: lease)
        }
        try await running(store) {
            async let writes: Void = {
                for number in 0..<500 {
                    try store.put("other/\(number)", "")
                    await Task.yield()
                }
            }()
            try await clock.step(by: .seconds(4))
            try await writes
            #expect(store.snapshot().count == 500)
        }
        #expect(store.revision == Revision(1 + 2_000 + 500 + 2_000))
    }

    @Test func endsLeasesOfManyKeysEachInOneRevision() async throws {
        let store = KVStore(clock: clock)
        for lease in 1...3 {
            let id = try store.perform(LeaseGrantRequest(ttl: 3, id: LeaseID(Int64(lease)))).id
            for number in 0..<3_000 { try store.put("\(lease)/\(number)", "", lease: id) }
        }
        try await running(store) { try await clock.step(by: .seconds(4)) }
        #expect(store.snapshot().count == 0)
        #expect(store.revision == 9_004)
    }

    @Test func wakesWatchesWhenALeaseEnds() async throws {
        let store = KVStore(clock: clock)
        let lease = try store.perform(LeaseGrantRequest(ttl: 3)).id
        try store.put("a", "1", lease: lease)
        let watch = store.watch(.all)
        try await running(store) {
            try await clock.step(by: .seconds(3))
            let batch = try await within(.seconds(30), "the event") {
                for try await batch in watch { return batch as WatchBatch? }
                return nil
            }
            #expect(batch?.events.map(\.kind) == [.delete])
        }
    }

    @Test func aLeaseHasItsWholeTimeAgainWhenTheStoreRunsAgain() async throws {
        let store = KVStore(clock: clock)
        let lease = try store.perform(LeaseGrantRequest(ttl: 10)).id
        try store.put("a", "1", lease: lease)
        try await running(store) { try await clock.step(by: .seconds(9)) }
        // Nobody runs it: nothing ends, and what is left is all.
        clock.advance(by: .seconds(100))
        #expect(store.get("a") != nil)
        #expect(try store.reader.timeToLive(of: lease).ttl == 10)
        try await running(store) {
            try await clock.step(by: .seconds(9))
            #expect(store.get("a") != nil)
            #expect(try store.reader.timeToLive(of: lease).ttl == 1)
            try await clock.step(by: .seconds(1))
            #expect(store.get("a") == nil)
        }
    }

    @Test func runningTwiceAtATimeEndsEachLeaseOnce() async throws {
        let store = KVStore(clock: clock)
        let lease = try store.perform(LeaseGrantRequest(ttl: 3)).id
        try store.put("a", "1", lease: lease)
        try await running(store) {
            let second = Task { try await store.run() }
            try await clock.step(by: .seconds(3), sleepers: 2)
            #expect(store.revision == 3)
            second.cancel()
            try await second.value
        }
    }

    @Test func endsWithItsServiceGroup() async throws {
        let store = KVStore()
        let group = ServiceGroup(services: [store], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func endsByTheRealClock() async throws {
        var configuration = KVStoreConfiguration()
        configuration.minimumLeaseTTL = 1
        configuration.maintenancePeriod = .milliseconds(10)
        let store = KVStore(configuration: configuration)
        let lease = try store.perform(LeaseGrantRequest(ttl: 1)).id
        try store.put("a", "1", lease: lease)
        let run = Task { try await store.run() }
        defer { run.cancel() }
        let start = ContinuousClock.now
        try await eventually("the lease ends") { store.get("a") == nil }
        #expect(ContinuousClock.now - start > .milliseconds(900))
    }

    @Test func revokesAndRefusesThroughItsLock() throws {
        let store = KVStore(clock: clock)
        let lease = try store.perform(LeaseGrantRequest(ttl: 5, id: LeaseID(7))).id
        #expect(throws: EtcdError.leaseExists) { try store.perform(LeaseGrantRequest(ttl: 5, id: lease)) }
        try store.put("a", "1", lease: lease)
        try store.transaction { $0.put("b", "1", lease: lease) }
        #expect(try store.reader.timeToLive(of: lease, keys: true).keys == ["a", "b"])
        #expect(try store.revokeLease(lease) == 4)
        #expect(throws: EtcdError.leaseNotFound) { try store.revokeLease(lease) }
        #expect(store.snapshot().count == 0)
    }

    @Test func aFailedTransactionAttachesNothing() throws {
        struct Refusal: Error {}
        let store = KVStore(clock: clock)
        let lease = try store.perform(LeaseGrantRequest(ttl: 5)).id
        #expect(throws: Refusal.self) {
            try store.transaction { transaction in
                transaction.put("a", "1", lease: lease)
                throw Refusal()
            }
        }
        #expect(try store.reader.timeToLive(of: lease, keys: true).keys == [])
    }
}

import Glibc
import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct RPCShardWorkTests {
    private let shard = RPCShard.all[0]

    /// Keeps the sending thread of a shard until it is let go.
    private final class Holdup: Sendable {
        private let gate = Locked(false)
        private let work: RPCShardWork
        private let hasBegun = Locked(false)

        init(_ shard: RPCShard) {
            let gate = gate
            let hasBegun = hasBegun
            work = RPCShardWork(on: shard) {
                hasBegun.withLock { $0 = true }
                while !gate.withLock({ $0 }) {}
            }
            work.schedule()
        }

        func begin() async throws {
            try await eventually("the thread to be held up") { self.hasBegun.withLock { $0 } }
        }

        func letGo() {
            gate.withLock { $0 = true }
        }
    }

    @Test func scheduledWorkIsDoneOnTheSendingThread() async throws {
        let onThread = Locked<[Bool]>([])
        let shard = shard
        let work = RPCShardWork(on: shard) { onThread.withLock { $0.append(shard.isSendingThread) } }
        #expect(!shard.isSendingThread)
        work.schedule()
        try await eventually { onThread.withLock { $0.count } == 1 }
        work.schedule()
        try await eventually { onThread.withLock { $0 } == [true, true] }
    }

    /// Were each run a few calls deeper than the one before, the stack of the thread would end long before.
    @Test func theThousandthRunCostsWhatTheFirstDid() async throws {
        let runs = Locked(0)
        let again = Locked<RPCShardWork?>(nil)
        let work = RPCShardWork(on: shard) {
            let count = runs.withLock { runs in
                runs += 1
                return runs
            }
            if count < 300_000 { again.withLock { $0 }?.schedule() }
        }
        again.withLock { $0 = work }
        work.schedule()
        try await eventually { runs.withLock { $0 } == 300_000 }
        work.cancel()
        again.withLock { $0 = nil }
    }

    @Test func howeverOftenWorkIsScheduledBeforeItBeginsItIsDoneOnce() async throws {
        let runs = Locked(0)
        let holdup = Holdup(shard)
        try await holdup.begin()
        let work = RPCShardWork(on: shard) { runs.withLock { $0 += 1 } }
        let last = Locked(false)
        for _ in 0..<10_000 { work.schedule() }
        let end = RPCShardWork(on: shard) { last.withLock { $0 = true } }
        end.schedule()
        holdup.letGo()
        try await eventually { last.withLock { $0 } }
        #expect(runs.withLock { $0 } == 1)
    }

    @Test func workScheduledWhileItRunsIsDoneAgainAndOthersHaveTheirTurnBetween() async throws {
        let order = Locked<[String]>([])
        let itself = Locked<RPCShardWork?>(nil)
        let holdup = Holdup(shard)
        try await holdup.begin()
        let again = RPCShardWork(on: shard) {
            let count = order.withLock { order in
                order.append("again")
                return order.filter { $0 == "again" }.count
            }
            if count < 3 { itself.withLock { $0 }?.schedule() }
        }
        itself.withLock { $0 = again }
        let other = RPCShardWork(on: shard) { order.withLock { $0.append("other") } }
        again.schedule()
        other.schedule()
        holdup.letGo()
        try await eventually { order.withLock { $0.count } == 4 }
        #expect(order.withLock { $0 } == ["again", "other", "again", "again"])
        itself.withLock { $0 = nil }
    }

    @Test func noScheduleOfManyThreadsIsLost() async throws {
        struct Counts: Sendable {
            var written = 0
            var seen = 0
        }
        let counts = Locked(Counts())
        let work = RPCShardWork(on: shard) { counts.withLock { $0.seen = $0.written } }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<20_000 {
                        counts.withLock { $0.written += 1 }
                        work.schedule()
                    }
                }
            }
        }
        try await eventually { counts.withLock { $0.seen } == 80_000 }
    }

    @Test func aTimerComesAtItsTimeAndNotBefore() async throws {
        let ran = Locked<ContinuousClock.Instant?>(nil)
        let work = RPCShardWork(on: shard) { ran.withLock { $0 = .now } }
        let due = ContinuousClock.now + .milliseconds(50)
        work.schedule(at: due)
        try await eventually { ran.withLock { $0 } != nil }
        let time = try #require(ran.withLock { $0 })
        #expect(time >= due)
    }

    @Test func theEarlierTimeCounts() async throws {
        let runs = Locked(0)
        let work = RPCShardWork(on: shard) { runs.withLock { $0 += 1 } }
        work.schedule(at: .now + .seconds(3_600))
        work.schedule(at: .now + .milliseconds(10))
        work.schedule(at: .now + .seconds(1_800))
        try await eventually { runs.withLock { $0 } == 1 }
        work.cancel()
    }

    @Test func aTimeStandsAlsoWhereTheWorkIsDoneBeforeForAnotherReason() async throws {
        let runs = Locked<[ContinuousClock.Instant]>([])
        let work = RPCShardWork(on: shard) { runs.withLock { $0.append(.now) } }
        let due = ContinuousClock.now + .seconds(1)
        work.schedule(at: due)
        work.schedule()
        try await eventually { runs.withLock { $0.count } == 2 }
        #expect(runs.withLock { $0[1] } >= due)
    }

    @Test func aTimeThatHasPassedIsNow() async throws {
        let runs = Locked(0)
        let work = RPCShardWork(on: shard) { runs.withLock { $0 += 1 } }
        work.schedule(at: .now - .seconds(5))
        try await eventually { runs.withLock { $0 } == 1 }
    }

    @Test func cancelledWorkIsNotDoneAndItsBodyIsLetGo() async throws {
        final class Held: Sendable {}
        weak var held: Held?
        let runs = Locked(0)
        let holdup = Holdup(shard)
        try await holdup.begin()
        let work: RPCShardWork
        do {
            let object = Held()
            held = object
            work = RPCShardWork(on: shard) { runs.withLock { $0 += object === object ? 1 : 0 } }
        }
        work.schedule()
        work.schedule(at: .now + .milliseconds(1))
        work.cancel()
        #expect(held == nil)
        work.schedule(at: .now)
        let last = Locked(false)
        let end = RPCShardWork(on: shard) { last.withLock { $0 = true } }
        end.schedule(at: .now + .milliseconds(20))
        holdup.letGo()
        try await eventually { last.withLock { $0 } }
        #expect(runs.withLock { $0 } == 0)
    }

    @Test func waitingForATimerTakesNoProcessorTime() async throws {
        let queue = SendingQueue()
        let far = RPCShardWork(on: shard) {}
        queue.setTimer(far, at: .now + .seconds(3_600))
        let taken = Locked<Duration?>(nil)
        TransportThread.start("test-wait") {
            let before = Self.threadTime
            var work: [any SendingWork] = []
            queue.takeAll(into: &work)
            taken.withLock { $0 = Self.threadTime - before }
        }
        // Long enough that spinning would show.
        try await Task.sleep(for: .milliseconds(300))
        #expect(taken.withLock { $0 } == nil)
        queue.append(far)
        try await eventually { taken.withLock { $0 } != nil }
        #expect(try #require(taken.withLock { $0 }) < .milliseconds(50))
    }

    /// The processor time that the calling thread has taken.
    private static var threadTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

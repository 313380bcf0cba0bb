import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct RPCStreamHandleTests {
    @Test func aStreamStaysOnOneShardOfTheProcess() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 }
                let handle = drivers.all[0].handle
                #expect(RPCShard.all.contains { $0 === handle.shard })
                #expect(RPCShard.all.enumerated().allSatisfy { $0.offset == $0.element.number })
                stream.cancel()
                try await eventually { drivers.all[0].seen.closed == 1 }
                #expect(RPCShard.all.contains { $0 === handle.shard }, "also once the stream is closed")
            }
        }
    }

    @Test func workOfTheShardSendsAtOnce() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let streams = try (0..<3).map { _ in try channel.openStream(.echoStream) }
                try await eventually { drivers.all.count == 3 && drivers.all.allSatisfy { $0.seen.asked > 0 } }
                let askedAtOnce = Locked(false)
                let all = drivers.all
                let work = RPCShardWork(on: all[0].handle.shard) {
                    for driver in all {
                        driver.prepare([RPCPayload([7]), RPCPayload([8])])
                        let before = driver.seen.asked
                        driver.handle.sendNow()
                        askedAtOnce.withLock { $0 = driver.seen.asked == before + 1 }
                    }
                }
                work.schedule()
                for stream in streams {
                    #expect(try await stream.next() == [7])
                    // Asked for at the completion of the one before.
                    #expect(try await stream.next() == [8])
                }
                #expect(askedAtOnce.withLock { $0 })
            }
        }
    }

    @Test func onAnotherThreadSendNowIsAWakeUp() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 && drivers.all[0].seen.asked > 0 }
                drivers.all[0].prepare([RPCPayload([7])])
                drivers.all[0].handle.sendNow()
                #expect(try await stream.next() == [7])
            }
        }
    }

    /// A shard's work and the streams' sends are done in the order in which they were asked for.
    @Test func workWaitsForStreamsThatWereWokenBefore() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 && drivers.all[0].seen.asked > 0 }
                let driver = drivers.all[0]
                let shard = driver.handle.shard
                let counts = Locked<[Int]>([])
                let asked = driver.seen.asked
                let count = RPCShardWork(on: shard) { counts.withLock { $0.append(driver.seen.asked - asked) } }
                // From inside of the thread, so that it looks at nothing in between.
                let all = RPCShardWork(on: shard) {
                    driver.handle.wake()
                    count.schedule()
                }
                all.schedule()
                try await eventually { counts.withLock { $0 } == [1] }
                stream.cancel()
            }
        }
    }

    @Test func aClosedStreamsHandleDoesNothing() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 && drivers.all[0].seen.asked > 0 }
                stream.cancel()
                let driver = drivers.all[0]
                try await eventually { driver.seen.closed == 1 }
                let asked = driver.seen.asked
                let isDone = Locked(false)
                let work = RPCShardWork(on: driver.handle.shard) {
                    driver.handle.sendNow()
                    driver.handle.wake()
                    isDone.withLock { $0 = true }
                }
                work.schedule()
                try await eventually { isDone.withLock { $0 } }
                #expect(driver.seen.asked == asked && driver.seen.calledAfterClose == 0)
            }
        }
    }

    /// A handle that somebody keeps does not keep the driver, which may hold much.
    @Test func aHandleOfAClosedStreamHoldsNoDriver() async throws {
        struct Kept: Sendable {
            weak var driver: EchoDriver?
            var handle: RPCStreamHandle?
        }
        let kept = Locked(Kept())
        var handlers = RPCHandlers()
        handlers.stream(.echoStream) { _, handle in
            let driver = EchoDriver()
            kept.withLock { $0 = Kept(driver: driver, handle: handle) }
            return driver
        }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await stream.send([1])
                #expect(try await stream.next() == [1])
                #expect(kept.withLock { $0.driver != nil })
                stream.cancel()
                try await eventually("the driver to be let go") { kept.withLock { $0.driver == nil } }
                #expect(kept.withLock { $0.handle != nil })
            }
        }
    }

    @Test func anEndThatIsAskedForWhileTheStreamIsOpenedComes() async throws {
        var handlers = RPCHandlers()
        handlers.stream(.echoStream) { _, handle in
            handle.cancel(RPCStatus(.aborted, "changed my mind", metadata: ["at": "once"]))
            handle.cancel(RPCStatus(.internalError, "the second one does not count"))
            return EchoDriver()
        }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                for _ in 0..<20 {
                    let stream = try channel.openStream(.echoStream)
                    let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                    #expect(status == RPCStatus(.aborted, "changed my mind", metadata: ["at": "once"]))
                }
            }
        }
    }

    @Test func theHandleOfAStreamThatWasNotOpenedDoesNothing() async throws {
        let handles = Locked<[RPCStreamHandle]>([])
        var handlers = RPCHandlers()
        handlers.stream(.echoStream) { _, handle in
            handles.withLock { $0.append(handle) }
            handle.wake()
            handle.cancel(RPCStatus(.internalError, "not this one"))
            throw RPCStatus(.failedPrecondition, "not today")
        }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                for _ in 0..<20 {
                    let stream = try channel.openStream(.echoStream)
                    let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                    #expect(status == RPCStatus(.failedPrecondition, "not today"))
                }
                for handle in handles.withLock({ $0 }) {
                    handle.wake()
                    handle.resumeReading()
                    handle.cancel(RPCStatus(.internalError, "too late"))
                }
                try await eventually { fixture.server.openCalls.streams == 0 }
            }
        }
    }
}

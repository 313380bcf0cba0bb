import MeshCore
import MeshRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCStreamTests {
    @Test func aSourceThatIsWokenSendsFromItsOwnThread() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 }
                let driver = drivers.all[0]
                driver.send([RPCPayload([1]), RPCPayload([2]), RPCPayload([3])])
                for expected: UInt8 in 1...3 { #expect(try await stream.next() == [expected]) }
                driver.send([RPCPayload([4])], then: RPCStatus(.outOfRange, "no more", metadata: ["why": "tested"]))
                #expect(try await stream.next() == [4])
                let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(status == RPCStatus(.outOfRange, "no more", metadata: ["why": "tested"]))
                try await eventually { driver.seen.closed == 1 }
                #expect(driver.seen.calledAfterClose == 0)
            }
        }
    }

    @Test func wakeUpsOfAnIdleStreamAreCoalesced() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 && drivers.all[0].seen.asked > 0 }
                let driver = drivers.all[0]
                for _ in 0..<100_000 { driver.handle.wake() }
                driver.send([RPCPayload([7])])
                #expect(try await stream.next() == [7])
                // The sending thread asks again and again, but not for every wake-up.
                #expect(driver.seen.asked < 50_000)
            }
        }
    }

    @Test func aClientThatDoesNotReadIsNotSentMore() async throws {
        let drivers = Drivers()
        let block = SharedBlock(.pattern(16 << 10))
        var message = RPCPayload()
        message.append(block, 0..<block.count)
        try await Fixture.with(.scripted(drivers, endless: message)) { fixture in
            try await fixture.withChannel {
                $0.receiveWindowBytes = 64 << 10
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 && drivers.all[0].seen.sent > 0 }
                let driver = drivers.all[0]
                var before = -1
                try await eventually("the driver to be left alone") {
                    defer { before = driver.seen.sent }
                    if driver.seen.sent != before { try await Task.sleep(for: .milliseconds(200)) }
                    return driver.seen.sent == before
                }
                // The window's 4 messages, one on its way, and what the transport holds.
                #expect(driver.seen.asked <= 16)
                let held = driver.seen.asked
                for _ in 0..<50 { #expect(try await stream.next()?.count == block.count) }
                try await eventually { driver.seen.asked > held }
                #expect(driver.seen.asked <= 50 + 16)
            }
        }
    }

    @Test func aServerThatPausesReadingHoldsTheClientBack() async throws {
        let drivers = Drivers()
        let sent = Locked(0)
        try await Fixture.with(.scripted(drivers, reading: .pauseReading)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for _ in 0..<100 {
                            try await stream.send(.pattern(16 << 10))
                            sent.withLock { $0 += 1 }
                        }
                    }
                    try await eventually { drivers.all.first?.seen.received.count == 1 }
                    try await Task.sleep(for: .milliseconds(300))
                    #expect(sent.withLock { $0 } < 50)
                    #expect(drivers.all[0].seen.received.count == 1)
                    for expected in 2...100 {
                        drivers.all[0].handle.resumeReading()
                        try await eventually { drivers.all[0].seen.received.count == expected }
                    }
                    try await group.waitForAll()
                }
                #expect(sent.withLock { $0 } == 100)
            }
        }
    }

    @Test func manyStreamsShareOneConnectionAndOneBlock() async throws {
        let drivers = Drivers()
        let block = SharedBlock(.pattern(4096))
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let streams = try (0..<300).map { _ in try channel.openStream(.echoStream) }
                try await eventually { drivers.all.count == streams.count }
                #expect(fixture.server.openCalls.streams == streams.count)
                for (number, driver) in drivers.all.enumerated() {
                    var payload = RPCPayload([UInt8(truncatingIfNeeded: number)])
                    payload.append(block, number..<4096)
                    driver.send([payload])
                }
                var seen = Set<UInt8>()
                for stream in streams {
                    let message = try #require(try await stream.next())
                    let skipped = 4096 - (message.count - 1)
                    #expect(message[0] == UInt8(truncatingIfNeeded: skipped))
                    #expect(Array(message.dropFirst()) == Array([UInt8].pattern(4096)[skipped...]))
                    seen.insert(message[0])
                }
                #expect(seen.count == 256)
            }
        }
    }

    @Test func sendsOfSeveralTasksGoOutWhole() async throws {
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<32 {
                        group.addTask { try await stream.send(Array(repeating: UInt8(number), count: 1000)) }
                    }
                    try await group.waitForAll()
                }
                try await stream.finishSending()
                var seen = Set<UInt8>()
                while let message = try await stream.next() {
                    #expect(message.count == 1000 && Set(message).count == 1)
                    seen.insert(message[0])
                }
                #expect(seen.count == 32)
            }
        }
    }

    @Test func aMessageThatWasPromisedAndDoesNotComeEndsTheStream() async throws {
        final class Breaker: RPCStreamDriver {
            private let asked = Locked(0)
            func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision { .continueReading }
            func clientFinishedSending() {}
            func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
                asked.withLock { asked in
                    asked += 1
                    message.append([1])
                    return asked == 1 ? .send(moreFollows: true) : .idle
                }
            }
            func streamClosed() {}
        }
        var handlers = RPCHandlers()
        handlers.stream(.echoStream) { _, _ in Breaker() }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                #expect(try await stream.next() == [1])
                let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(status?.code == .internalError)
            }
        }
    }
}

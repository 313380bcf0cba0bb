import MeshCore
import MeshRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCCancellationTests {
    /// Handlers that wait until they are cancelled, and count that.
    private static func waiting(_ began: Locked<Int>, _ cancelled: Locked<Int>) -> RPCHandlers {
        var handlers = RPCHandlers.echo
        handlers.unary(.echo) { _, _ in
            began.withLock { $0 += 1 }
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                cancelled.withLock { $0 += 1 }
                throw error
            }
            return RPCPayload()
        }
        return handlers
    }

    @Test func aDeadlineEndsTheCallOnBothSides() async throws {
        let (began, cancelled) = (Locked(0), Locked(0))
        try await Fixture.with(Self.waiting(began, cancelled)) { fixture in
            try await fixture.withChannel { channel in
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [], timeout: .seconds(5))
                }
                #expect(status?.code == .deadlineExceeded)
                #expect(began.withLock { $0 } == 1)
                try await eventually { cancelled.withLock { $0 } == 1 && fixture.server.openCalls.unary == 0 }
            }
        }
    }

    @Test func aHandlerKnowsTheDeadline() async throws {
        var handlers = RPCHandlers()
        handlers.unary(.echo) { context, _ in
            guard let deadline = context.deadline else { return RPCPayload(Array("none".utf8)) }
            let rest = deadline - ContinuousClock.now
            return RPCPayload(Array(rest > .seconds(20) && rest <= .seconds(30) ? "right".utf8 : "wrong".utf8))
        }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                let limited = try await channel.unary(.echo, [], timeout: .seconds(30))
                #expect(limited == Array("right".utf8))
                let unlimited = try await channel.unary(.echo, [], timeout: nil)
                #expect(unlimited == Array("none".utf8))
            }
        }
    }

    @Test func theServersOwnLimitAnswersACallWithoutADeadline() async throws {
        let (began, cancelled) = (Locked(0), Locked(0))
        try await Fixture.with(Self.waiting(began, cancelled)) {
            $0.maximumCallDuration = .milliseconds(200)
        } _: { fixture in
            try await fixture.withChannel { channel in
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [], timeout: nil)
                }
                #expect(status?.code == .deadlineExceeded)
                try await eventually { cancelled.withLock { $0 } == 1 }
            }
        }
    }

    @Test func aRequestThatNeverComesIsNotWaitedForLongerThanTheLimit() async throws {
        try await Fixture.with(.echo) {
            $0.maximumCallDuration = .milliseconds(200)
        } _: { fixture in
            try await fixture.withChannel { channel in
                // A stream towards a unary method: the call is there, its request is not.
                let stream = try channel.openStream(.echo)
                let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(status?.code == .deadlineExceeded)
                try await eventually { fixture.server.openCalls.unary == 0 }
            }
        }
    }

    @Test func aCallWithoutARequestIsAnError() async throws {
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echo)
                try await stream.finishSending()
                let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(status?.code == .internalError)
            }
        }
    }

    @Test func cancellingTheCallersTaskCancelsTheHandlers() async throws {
        let (began, cancelled) = (Locked(0), Locked(0))
        try await Fixture.with(Self.waiting(began, cancelled)) { fixture in
            try await fixture.withChannel { channel in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let status = await #expect(throws: RPCStatus.self) {
                            try await channel.unary(.echo, [], timeout: nil)
                        }
                        #expect(status?.code == .cancelled)
                    }
                    try await eventually { began.withLock { $0 } == 1 }
                    group.cancelAll()
                    try await group.waitForAll()
                }
                try await eventually { cancelled.withLock { $0 } == 1 && fixture.server.openCalls.unary == 0 }
            }
        }
    }

    @Test func aCancelledStreamIsClosedOnTheServer() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 }
                stream.cancel()
                let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(status?.code == .cancelled)
                let sending = await #expect(throws: RPCStatus.self) { try await stream.send([1]) }
                #expect(sending?.code == .cancelled)
                try await eventually { drivers.all[0].seen.closed == 1 && fixture.server.openCalls.streams == 0 }
                drivers.all[0].handle.wake()
                drivers.all[0].handle.resumeReading()
                drivers.all[0].handle.cancel(RPCStatus(.aborted, "too late"))
                #expect(try await channel.unary(.echo, [1], timeout: .seconds(30)) == [1])
                #expect(drivers.all[0].seen.calledAfterClose == 0)
            }
        }
    }

    @Test func cancellingATaskThatWaitsForAMessageCancelsTheStream() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                        #expect(status?.code == .cancelled)
                    }
                    try await eventually { drivers.all.count == 1 }
                    group.cancelAll()
                    try await group.waitForAll()
                }
                try await eventually { drivers.all[0].seen.closed == 1 }
            }
        }
    }

    @Test func droppingAStreamCancelsIt() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers)) { fixture in
            try await fixture.withChannel { channel in
                var stream: RPCStream? = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 }
                #expect(stream?.status == nil)
                stream = nil
                try await eventually { drivers.all[0].seen.closed == 1 }
            }
        }
    }

    @Test func aServerCanEndAStreamAtOnceEvenWithAMessageUnderWay() async throws {
        let drivers = Drivers()
        let status = RPCStatus(.permissionDenied, "your roles have changed")
        try await Fixture.with(.scripted(drivers, endless: RPCPayload(.pattern(256 << 10)))) { fixture in
            try await fixture.withChannel {
                $0.receiveWindowBytes = 64 << 10
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.first?.seen.sent == 1 }
                drivers.all[0].handle.cancel(status)
                try await eventually { drivers.all[0].seen.closed == 1 }
                #expect(await statusAfterAllMessages(of: stream)?.code == .permissionDenied)
            }
        }
    }

    @Test func aStreamOfAClientThatTakesNothingIsEnded() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers, endless: RPCPayload(.pattern(256 << 10)))) {
            $0.maximumSendStall = .seconds(1)
        } _: { fixture in
            try await fixture.withChannel {
                $0.receiveWindowBytes = 64 << 10
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.first?.seen.sent == 1 }
                try await eventually { drivers.all[0].seen.closed == 1 }
                #expect(await statusAfterAllMessages(of: stream)?.code == .unavailable)
            }
        }
    }

    /// How a stream ended, once everything it still brings has been read.
    private func statusAfterAllMessages(of stream: RPCStream) async -> RPCStatus? {
        do throws(RPCStatus) {
            while try await stream.next() != nil {}
            return stream.status
        } catch {
            return error
        }
    }
}

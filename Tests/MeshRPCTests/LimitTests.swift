import MeshCore
import MeshRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCLimitTests {
    @Test func largeMessagesPassWholeInBothDirections() async throws {
        let large = [UInt8].pattern(6 << 20)
        try await Fixture.with(.echo) {
            $0.maximumRequestBytes = 8 << 20
        } _: { fixture in
            try await fixture.withChannel { channel in
                #expect(try await channel.unary(.echo, large, timeout: .seconds(30)) == large)
                let stream = try channel.openStream(.echoStream)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await stream.send(large) }
                    #expect(try await stream.next() == large)
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func anOversizedRequestIsRefusedAndTheConnectionLives() async throws {
        try await Fixture.with(.echo) {
            $0.maximumRequestBytes = 64 << 10
        } _: { fixture in
            try await fixture.withChannel { channel in
                let bystander = try channel.openStream(.echoStream)
                try await bystander.send([1])
                #expect(try await bystander.next() == [1])

                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, .pattern(65 << 10), timeout: .seconds(30))
                }
                #expect(status?.code == .resourceExhausted)
                let stream = try channel.openStream(.echoStream)
                try await stream.send(.pattern(65 << 10))
                let streamStatus = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(streamStatus?.code == .resourceExhausted)

                try await bystander.send([2])
                #expect(try await bystander.next() == [2])
            }
        }
    }

    @Test func anOversizedResponseIsRefusedByTheClient() async throws {
        var handlers = RPCHandlers()
        handlers.unary(.echo) { _, _ in RPCPayload(.pattern(65 << 10)) }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel {
                $0.maximumResponseBytes = 64 << 10
            } _: { channel in
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [], timeout: .seconds(30))
                }
                #expect(status?.code == .resourceExhausted)
            }
        }
    }

    @Test func aMethodsOwnLimitCounts() async throws {
        var handlers = RPCHandlers()
        handlers.unary(.echo, maximumRequestBytes: 10) { _, request in RPCPayload(request) }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                let answer = try await channel.unary(.echo, .pattern(10), timeout: .seconds(30))
                #expect(answer.count == 10)
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, .pattern(11), timeout: .seconds(30))
                }
                #expect(status?.code == .resourceExhausted)
                #expect(status?.message.contains("11 bytes") == true)
            }
        }
    }

    @Test func handlersBeyondTheLimitWaitAndCallsBeyondTheNextAreRefused() async throws {
        let gate = Gate()
        var handlers = RPCHandlers()
        handlers.unary(.echo) { _, request in
            await gate.pass()
            return RPCPayload(request)
        }
        try await Fixture.with(handlers) {
            $0.maximumRunningCalls = 2
            $0.maximumPendingCalls = 5
        } _: { fixture in
            try await fixture.withChannel { channel in
                try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    for number: UInt8 in 0..<5 {
                        group.addTask { try await channel.unary(.echo, [number], timeout: .seconds(30)) }
                    }
                    try await eventually { fixture.server.openCalls.unary == 5 && gate.waiting == 2 }
                    let status = await #expect(throws: RPCStatus.self) {
                        try await channel.unary(.echo, [9], timeout: .seconds(30))
                    }
                    #expect(status?.code == .resourceExhausted)
                    #expect(gate.waiting == 2)
                    gate.open()
                    var answers: [[UInt8]] = []
                    for try await answer in group { answers.append(answer) }
                    #expect(Set(answers) == [[0], [1], [2], [3], [4]])
                }
            }
        }
    }

    @Test func streamsBeyondTheLimitAreRefused() async throws {
        try await Fixture.with(.echo) {
            $0.maximumStreams = 2
        } _: { fixture in
            try await fixture.withChannel { channel in
                let first = try channel.openStream(.echoStream)
                let second = try channel.openStream(.echoStream)
                for stream in [first, second] {
                    try await stream.send([1])
                    #expect(try await stream.next() == [1])
                }
                let third = try channel.openStream(.echoStream)
                let status = await #expect(throws: RPCStatus.self) { try await third.next() }
                #expect(status?.code == .resourceExhausted)
                first.cancel()
                try await eventually { fixture.server.openCalls.streams == 1 }
                let fourth = try channel.openStream(.echoStream)
                try await fourth.send([4])
                #expect(try await fourth.next() == [4])
            }
        }
    }

    @Test func callsBeyondTheChannelsLimitAreRefusedAtOnce() async throws {
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel {
                $0.maximumOpenCalls = 1
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [], timeout: .seconds(30))
                }
                #expect(status?.code == .resourceExhausted)
                try await stream.finishSending()
                #expect(try await stream.next() == nil)
                // Its place is free a moment after its end was told.
                try await eventually { (try? await channel.unary(.echo, [1], timeout: .seconds(30))) == [1] }
            }
        }
    }

    @Test func oversizedMetadataIsRefused() async throws {
        try await Fixture.with(.echo) {
            $0.maximumMetadataBytes = 2048
        } _: { fixture in
            try await fixture.withChannel { channel in
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(
                        .echo,
                        [],
                        timeout: .seconds(30),
                        metadata: ["big": String(repeating: "x", count: 4096)]
                    )
                }
                #expect(status?.code == .resourceExhausted)
                // Core may give up the connection on which it came, and with it a call that begins just then.
                try await eventually { (try? await channel.unary(.echo, [1], timeout: .seconds(30))) == [1] }
            }
        }
    }
}

/// Holds whoever passes until it is opened.
final class Gate: Sendable {
    private struct State: Sendable {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Waits, even if the task is cancelled, as a handler does that does not heed its cancellation.
    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

import Logging
import MeshCore
import MeshTLS
import TestSupport
import Testing

@testable import MeshRPC

extension RPCMethod {
    static let immediateEcho = RPCMethod(service: "test.Echo", method: "Immediate")
}

/// Unary calls that are answered where their requests arrive.
@Suite(.timeLimit(.minutes(2))) struct ImmediateAnswerTests {
    /// A server whose method is answered at once by `immediate`, and otherwise with `[0]`.
    private func handlers(_ immediate: @escaping RPCHandlers.ImmediateBody) -> RPCHandlers {
        var handlers = RPCHandlers.echo
        handlers.unary(.immediateEcho, maximumRequestBytes: 100_000, immediate: immediate) { _, _ in RPCPayload([0]) }
        return handlers
    }

    private func status(of channel: RPCChannel, _ request: [UInt8] = [1]) async -> RPCStatus? {
        await #expect(throws: RPCStatus.self) {
            try await channel.unary(.immediateEcho, request, timeout: .seconds(30))
        }
    }

    /// A call's answer is this.
    private func expect(
        _ channel: RPCChannel,
        _ request: [UInt8],
        gives answer: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await channel.unary(.immediateEcho, request, timeout: .seconds(30))
        #expect(found == answer, sourceLocation: sourceLocation)
    }

    @Test func anAnswerAtOnceNeedsNoRunningServer() async throws {
        let echo = handlers { _, bytes in .success(RPCPayload(bytes)) }
        let credentials = try TestCertificates.server()
        let configuration = RPCServerConfiguration(credentials: credentials, verifier: .mesh())
        let server = try RPCServer(configuration: configuration, handlers: echo, logger: quietLogger)
        try await Fixture(server: server, logger: quietLogger).withChannel { channel in
            for size in [0, 1, 23, 24, 5_000, 100_000] {
                try await expect(channel, .pattern(size), gives: .pattern(size))
            }
        }
        await server.shutDown(grace: .zero)
    }

    @Test func whatIsNotAnsweredAtOnceIsAnsweredAsEver() async throws {
        let asked = Locked(0)
        let picky = handlers { _, bytes in
            asked.withLock { $0 += 1 }
            return bytes.first == 7 ? .success(RPCPayload([70])) : nil
        }
        try await Fixture.with(picky) { fixture in
            try await fixture.withChannel { channel in
                for _ in 0..<20 {
                    try await expect(channel, [7], gives: [70])
                    try await expect(channel, [8], gives: [0])
                }
                #expect(asked.withLock { $0 } == 40)
                try await eventually { fixture.server.openCalls.unary == 0 }
            }
        }
    }

    @Test func theHandlerIsToldWhoCallsAndHow() async throws {
        let seen = Locked<RPCCallContext?>(nil)
        let looking = handlers { context, bytes in
            seen.withLock { $0 = context }
            return .success(RPCPayload(bytes))
        }
        try await Fixture.with(looking) { fixture in
            try await fixture.withChannel(as: TestCertificates.client("remote-kos")) { channel in
                let metadata: RPCMetadata = ["token": "abc"]
                _ = try await channel.unary(.immediateEcho, [1], timeout: .seconds(30), metadata: metadata)
                let context = try #require(seen.withLock { $0 })
                #expect(context.method == .immediateEcho)
                #expect(context.peer.commonName == "remote-kos")
                #expect(context.peerAddress.hasPrefix("ipv4:127.0.0.1:"))
                #expect(context.metadata["token"] == "abc")
                let deadline = try #require(context.deadline)
                #expect(deadline <= .now + .seconds(30))
            }
        }
    }

    @Test func anErrorIsTheAnswer() async throws {
        let failing = handlers { _, bytes in
            .failure(bytes == [1] ? RPCStatus(.outOfRange, "too far", metadata: ["by": "one"]) : .ok)
        }
        try await Fixture.with(failing) { fixture in
            try await fixture.withChannel { channel in
                #expect(await status(of: channel) == RPCStatus(.outOfRange, "too far", metadata: ["by": "one"]))
                // OK without a message is no answer.
                #expect(await status(of: channel, [2])?.code == .internalError)
            }
        }
    }

    @Test func aTooLargeRequestIsNotEvenShown() async throws {
        let asked = Locked(0)
        let counting = handlers { _, _ in
            asked.withLock { $0 += 1 }
            return .success(RPCPayload())
        }
        try await Fixture.with(counting) { fixture in
            try await fixture.withChannel { channel in
                #expect(await status(of: channel, .pattern(100_001))?.code == .resourceExhausted)
                #expect(asked.withLock { $0 } == 0)
            }
        }
    }

    @Test func boundsOfCallsHoldForImmediateAnswersToo() async throws {
        let gate = Gate()
        var handlers = handlers { _, bytes in .success(RPCPayload(bytes)) }
        handlers.unary(.echo) { _, request in
            await gate.pass()
            return RPCPayload(request)
        }
        try await Fixture.with(handlers) {
            $0.maximumRunningCalls = 1
            $0.maximumPendingCalls = 4
            $0.maximumCallsPerPeer = 3
        } _: { fixture in
            try await fixture.withChannel(as: TestCertificates.client("greedy")) { greedy in
                try await fixture.withChannel(as: TestCertificates.client("modest")) { modest in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        func hold(_ channel: RPCChannel, _ count: Int) {
                            for _ in 0..<count {
                                group.addTask { _ = try await channel.unary(.echo, [1], timeout: .seconds(60)) }
                            }
                        }
                        hold(greedy, 2)
                        try await eventually { fixture.server.openCalls.unary == 2 && gate.waiting == 1 }
                        // Answered although the only place for a running call is taken.
                        try await expect(greedy, [1], gives: [1])
                        hold(greedy, 1)
                        try await eventually { fixture.server.openCalls.unary == 3 }
                        #expect(await status(of: greedy)?.message.contains("3 calls") == true)
                        try await expect(modest, [1], gives: [1])
                        hold(modest, 1)
                        try await eventually { fixture.server.openCalls.unary == 4 }
                        #expect(await status(of: modest)?.message.contains("4 calls") == true)
                        gate.open()
                        try await group.waitForAll()
                    }
                    try await eventually { fixture.server.openCalls.unary == 0 }
                }
            }
        }
    }

    @Test func whoReadsNothingGetsNoAnswerAtOnceEither() async throws {
        let drivers = Drivers()
        var handlers = RPCHandlers.scripted(drivers, endless: RPCPayload(.pattern(300_000)))
        handlers.unary(.immediateEcho, immediate: { _, _ in .success(RPCPayload(.pattern(800_000))) }) { _, _ in
            RPCPayload()
        }
        try await Fixture.with(handlers) {
            $0.maximumUnreadBytesPerPeer = 1_000_000
        } _: { fixture in
            try await fixture.withChannel(as: TestCertificates.client("greedy")) {
                $0.receiveWindowBytes = 8_192
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.first?.seen.sent == 1 }
                let refused = await status(of: channel)
                #expect(refused?.code == .resourceExhausted)
                #expect(refused?.message.contains("bytes of answers that it has not taken") == true)
                stream.cancel()
                try await eventually("the share to be free") {
                    (try? await channel.unary(.immediateEcho, [1], timeout: .seconds(30)))?.count == 800_000
                }
            }
        }
    }

    @Test func aRevokedCallerIsRefusedAndIfRevokedMeanwhileGetsNoAnswer() async throws {
        let credentials = try TestCertificates.client("remote-kos")
        var revoked = RevokedCertificates()
        revoked.insert(commonName: "remote-kos")
        let asked = Locked(0)
        let revoke = Locked<(@Sendable () -> Void)?>(nil)
        let revoking = handlers { _, bytes in
            asked.withLock { $0 += 1 }
            if bytes == [2] { revoke.withLock { $0 }?() }
            return .success(RPCPayload(bytes))
        }
        try await Fixture.with(revoking) { [revoked] fixture in
            revoke.withLock { $0 = { fixture.server.setRevoked(revoked) } }
            defer { revoke.withLock { $0 = nil } }
            try await fixture.withChannel(as: credentials) { channel in
                try await expect(channel, [1], gives: [1])
                let first = await status(of: channel, [2])
                #expect(first?.code == .unauthenticated)
                #expect(asked.withLock { $0 } == 2)
                let second = await status(of: channel, [3])
                #expect(second?.code == .unauthenticated)
                #expect(asked.withLock { $0 } == 2, "it is judged before the handler is asked")
                fixture.server.setRevoked(RevokedCertificates())
                try await expect(channel, [4], gives: [4])
            }
        }
    }

    /// Many at a time, some of which are cancelled in the middle: nothing is left behind, and no answer is another's.
    @Test func manyAtOnceAreAnsweredAndForgotten() async throws {
        let mixed = handlers { _, bytes in bytes.count % 3 == 0 ? nil : .success(RPCPayload(bytes)) }
        try await Fixture.with(mixed) { fixture in
            try await fixture.withChannel { channel in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<16 {
                        group.addTask {
                            for round in 0..<60 {
                                let request = [UInt8](repeating: UInt8(writer), count: 1 + round)
                                let call = Task {
                                    try await channel.unary(.immediateEcho, request, timeout: .seconds(60))
                                }
                                if round % 10 == 9 { call.cancel() }
                                do {
                                    let answer = try await call.value
                                    #expect(answer == (request.count % 3 == 0 ? [0] : request))
                                } catch let status as RPCStatus {
                                    #expect(round % 10 == 9 && status.code == .cancelled)
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually { fixture.server.openCalls.unary == 0 }
            }
        }
    }
}

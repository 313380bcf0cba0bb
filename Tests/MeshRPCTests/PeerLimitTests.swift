import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

/// What one client may have of a server, and that others do not notice when it has that.
@Suite(.timeLimit(.minutes(2))) struct MeshRPCPeerLimitTests {
    private func expectExhausted(_ status: RPCStatus?, _ text: String) {
        #expect(status?.code == .resourceExhausted)
        #expect(status?.message.contains(text) == true, "\(status?.message ?? "")")
        #expect(status?.message.contains("'greedy'") == true)
    }

    @Test func oneClientsStreamsAreBoundedOverAllItsConnections() async throws {
        try await Fixture.with(.echo) {
            $0.maximumStreamsPerPeer = 2
        } _: { fixture in
            // Two certificates of one name, two connections.
            try await fixture.withChannel(as: TestCertificates.client("greedy")) { one in
                try await fixture.withChannel(as: TestCertificates.client("greedy")) { other in
                    let first = try one.openStream(.echoStream)
                    let second = try other.openStream(.echoStream)
                    for stream in [first, second] {
                        try await stream.send([1])
                        #expect(try await stream.next() == [1])
                    }
                    let third = try one.openStream(.echoStream)
                    expectExhausted(await #expect(throws: RPCStatus.self) { try await third.next() }, "2 streams")
                    try await fixture.withChannel { modest in
                        let stream = try modest.openStream(.echoStream)
                        try await stream.send([2])
                        #expect(try await stream.next() == [2])
                    }
                    first.cancel()
                    try await eventually("a place for a stream") {
                        let fourth = try one.openStream(.echoStream)
                        try? await fourth.send([4])
                        return (try? await fourth.next()) == [4]
                    }
                }
            }
        }
    }

    @Test func oneClientsCallsAreBoundedAndOthersAreServed() async throws {
        let gate = Gate()
        var handlers = RPCHandlers()
        handlers.unary(.echo) { context, request in
            if context.peer.commonName == "greedy" { await gate.pass() }
            return RPCPayload(request)
        }
        try await Fixture.with(handlers) {
            $0.maximumCallsPerPeer = 3
        } _: { fixture in
            try await fixture.withChannel(as: TestCertificates.client("greedy")) { channel in
                try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    for number: UInt8 in 0..<3 {
                        group.addTask { try await channel.unary(.echo, [number], timeout: .seconds(30)) }
                    }
                    try await eventually { gate.waiting == 3 }
                    expectExhausted(
                        await #expect(throws: RPCStatus.self) {
                            try await channel.unary(.echo, [9], timeout: .seconds(30))
                        },
                        "3 calls"
                    )
                    try await fixture.withChannel { modest in
                        let answer = try await modest.unary(.echo, [7], timeout: .seconds(30))
                        #expect(answer == [7])
                    }
                    gate.open()
                    var answers: [[UInt8]] = []
                    for try await answer in group { answers.append(answer) }
                    #expect(answers.count == 3)
                }
                try await eventually("a place for a call") {
                    (try? await channel.unary(.echo, [8], timeout: .seconds(30))) == [8]
                }
            }
        }
    }

    @Test func whoReadsNothingIsSentNoMoreThanItsShare() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers, endless: RPCPayload(.pattern(300_000)))) {
            $0.maximumUnreadBytesPerPeer = 1_000_000
        } _: { fixture in
            try await fixture.withChannel(as: TestCertificates.client("greedy")) {
                $0.receiveWindowBytes = 8_192
            } _: { channel in
                // Three messages of 300,000 bytes fit; the fourth stream's does not.
                let streams = try (0..<3).map { _ in try channel.openStream(.echoStream) }
                try await eventually { drivers.all.filter { $0.seen.sent > 0 }.count == 3 }
                let fourth = try channel.openStream(.echoStream)
                expectExhausted(
                    await #expect(throws: RPCStatus.self) { while try await fourth.next() != nil {} },
                    "bytes of answers that it has not taken"
                )
                // Another client's streams are sent what they want.
                try await fixture.withChannel { modest in
                    let stream = try modest.openStream(.echoStream)
                    for _ in 0..<10 {
                        let message = try await stream.next()
                        #expect(message?.count == 300_000)
                    }
                    stream.cancel()
                }
                // What reads again goes on.
                for stream in streams {
                    let message = try await stream.next()
                    #expect(message?.count == 300_000)
                }
                for stream in streams { stream.cancel() }
            }
        }
    }

    @Test func anAnswerLargerThanTheShareComesWhenNothingElseIsUnderWay() async throws {
        var handlers = RPCHandlers()
        handlers.unary(.echo) { _, _ in RPCPayload(.pattern(500_000)) }
        try await Fixture.with(handlers) {
            $0.maximumUnreadBytesPerPeer = 64 << 10
        } _: { fixture in
            try await fixture.withChannel { channel in
                for _ in 0..<3 {
                    // The answer is counted until the server has seen the call's end.
                    try await eventually("the answer") {
                        (try? await channel.unary(.echo, [], timeout: .seconds(30)))?.count == 500_000
                    }
                }
            }
        }
    }

    @Test func aCallIsRefusedAsLongAsItsCallerReadsNothing() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers, endless: RPCPayload(.pattern(300_000)))) {
            $0.maximumUnreadBytesPerPeer = 300_000
        } _: { fixture in
            try await fixture.withChannel(as: TestCertificates.client("greedy")) {
                $0.receiveWindowBytes = 8_192
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.first?.seen.sent == 1 }
                expectExhausted(
                    await #expect(throws: RPCStatus.self) {
                        try await channel.unary(.echo, [1], timeout: .seconds(30))
                    },
                    "300000 bytes"
                )
                stream.cancel()
                try await eventually("the share to be free") {
                    (try? await channel.unary(.echo, [1], timeout: .seconds(30))) == [1]
                }
            }
        }
    }
}

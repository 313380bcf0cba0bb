import MeshCore
import MeshRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCStatusTests {
    struct Surprise: Error {}

    private static let failing = RPCMethod(path: "/test.Failing/Call")

    private func status(of error: any Error) async throws -> RPCStatus? {
        var handlers = RPCHandlers()
        handlers.unary(Self.failing) { _, _ in throw error }
        return try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                await #expect(throws: RPCStatus.self) {
                    try await channel.unary(Self.failing, [], timeout: .seconds(30))
                }
            }
        }
    }

    @Test func aThrownStatusArrivesWithItsMessageAndTrailers() async throws {
        let thrown = RPCStatus(.failedPrecondition, "schön: 100 %\n", metadata: ["a": "1", "b": "2", "a": "3"])
        #expect(try await status(of: thrown) == thrown)
    }

    @Test func anEtcdErrorArrivesAsItIs() async throws {
        let answer = try await status(of: EtcdError.compacted)
        #expect(answer == RPCStatus(.outOfRange, EtcdError.compacted.message))
    }

    @Test func anyOtherErrorTellsNothingOfItself() async throws {
        let answer = try await status(of: Surprise())
        #expect(answer?.code == .unknown)
        #expect(answer?.message.contains("Surprise") == false)
    }

    @Test func aVeryLongMessageIsCut() async throws {
        let answer = try await status(of: RPCStatus(.aborted, String(repeating: "ü", count: 5000)))
        #expect(answer?.code == .aborted)
        #expect(answer?.message.utf8.count == RPCStatus.maximumMessageBytes)
    }

    @Test func metadataThatCannotBeSentIsLeftOut() async throws {
        let answer = try await status(of: RPCStatus(.aborted, "text", metadata: ["Upper Case": "x"]))
        #expect(answer == RPCStatus(.aborted, "text"))
    }

    @Test func anUnknownMethodIsUnimplemented() async throws {
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel { channel in
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(RPCMethod(path: "/nobody/knows"), [1], timeout: .seconds(30))
                }
                #expect(status?.code == .unimplemented)
            }
        }
    }

    @Test func aRefusedMethodIsAnsweredWithoutReadingAnything() async throws {
        let refusal = RPCStatus(.permissionDenied, "this endpoint is read-only", metadata: ["kind": "policy"])
        let refused = RPCMethod(path: "/test.Refused/Write")
        var handlers = RPCHandlers.echo
        handlers.refuse(refused, with: refusal)
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                // Far above the window: it cannot be sent whole if nobody reads it, nor is it above the limit.
                let body = [UInt8](repeating: 0xFF, count: 1 << 20)
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(refused, body, timeout: .seconds(30))
                }
                #expect(status == refusal)
                let stream = try channel.openStream(refused)
                let streamStatus = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(streamStatus == refusal)
                #expect(try await channel.unary(.echo, [1], timeout: .seconds(30)) == [1])
            }
        }
    }

    @Test func aStatusThrownAtOpeningRefusesTheStream() async throws {
        var handlers = RPCHandlers()
        handlers.stream(.echoStream) { context, _ in
            throw RPCStatus(.permissionDenied, "not for \(context.peer.commonName ?? "")")
        }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(status == RPCStatus(.permissionDenied, "not for remote"))
                try await eventually { fixture.server.openCalls.streams == 0 }
            }
        }
    }

    @Test func metadataOfARequestReachesTheHandler() async throws {
        var handlers = RPCHandlers()
        handlers.unary(.echo) { context, _ in
            RPCPayload(Array("\(context.metadata["token"] ?? "none") \(context.method)".utf8))
        }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel { channel in
                let answer = try await channel.unary(.echo, [], timeout: .seconds(30), metadata: ["token": "abc"])
                #expect(String(decoding: answer, as: UTF8.self) == "abc /test.Echo/Unary")
                let refused = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [], timeout: .seconds(30), metadata: ["grpc-status": "0"])
                }
                #expect(refused?.code == .invalidArgument)
            }
        }
    }
}

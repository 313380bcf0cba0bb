import MeshCore
import MeshRPC
import MeshTLS
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCShutdownTests {
    private static func gated(_ gate: Gate) -> RPCHandlers {
        var handlers = RPCHandlers.echo
        handlers.unary(.echo) { _, request in
            await gate.pass()
            return RPCPayload(request)
        }
        return handlers
    }

    @Test func aGracefulShutdownLetsCallsEndAndTellsStreams() async throws {
        let gate = Gate()
        try await Fixture.with(Self.gated(gate)) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await stream.send([1])
                #expect(try await stream.next() == [1])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let answer = try await channel.unary(.echo, [1], timeout: .seconds(20))
                        #expect(answer == [1])
                    }
                    try await eventually { gate.waiting == 1 }
                    group.addTask { await fixture.server.shutDown(grace: .seconds(30)) }
                    let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                    #expect(status?.code == .unavailable)
                    #expect(status?.message.contains("shutting down") == true)
                    gate.open()
                    try await group.waitForAll()
                }
                #expect(fixture.server.openCalls == (0, 0))
                let refused = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [1], timeout: .seconds(30))
                }
                #expect(refused?.code == .unavailable)
            }
        }
    }

    @Test func theGraceHasAnEnd() async throws {
        let gate = Gate()
        try await Fixture.with(Self.gated(gate)) { fixture in
            try await fixture.withChannel { channel in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let status = await #expect(throws: RPCStatus.self) {
                            try await channel.unary(.echo, [1], timeout: .seconds(20))
                        }
                        #expect(status?.code == .unavailable)
                    }
                    try await eventually { gate.waiting == 1 }
                    await fixture.server.shutDown(grace: .milliseconds(100))
                    try await group.waitForAll()
                    gate.open()
                }
            }
        }
    }

    @Test func aForcedShutdownEndsStreamsThatAreStuck() async throws {
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers, endless: RPCPayload(.pattern(256 << 10)))) { fixture in
            try await fixture.withChannel {
                $0.receiveWindowBytes = 64 << 10
            } _: { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.first?.seen.sent == 1 }
                await fixture.server.shutDown(grace: .zero)
                #expect(drivers.all[0].seen.closed == 1)
                #expect(fixture.server.openCalls == (0, 0))
                _ = stream
            }
        }
    }

    @Test func cancellingRunShutsDown() async throws {
        let server = try makeServer()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let fixture = Fixture(server: server, logger: quietLogger)
            try await fixture.withChannel { channel in
                #expect(try await channel.unary(.echo, [1], timeout: .seconds(30)) == [1])
                group.cancelAll()
                try await group.waitForAll()
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [1], timeout: .seconds(30))
                }
                #expect(status?.code == .unavailable)
            }
        }
        await server.shutDown(grace: .seconds(1))
    }

    @Test func aServerThatWasNeverRunCanBeShutDownWithCallsWaiting() async throws {
        let server = try makeServer()
        let fixture = Fixture(server: server, logger: quietLogger)
        try await fixture.withChannel { channel in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let status = await #expect(throws: RPCStatus.self) {
                        try await channel.unary(.echo, [1], timeout: .seconds(20))
                    }
                    #expect(status?.code == .unavailable)
                }
                try await eventually { server.openCalls.unary == 1 }
                await server.shutDown(grace: .zero)
                try await group.waitForAll()
                try await eventually { server.openCalls.unary == 0 }
            }
        }
    }

    @Test func severalShutdownsAwaitTheSameEnd() async throws {
        let server = try makeServer()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await server.shutDown(grace: .zero) } }
        }
        // The port is free again.
        var configuration = RPCServerConfiguration(credentials: try TestCertificates.server(), verifier: .mesh())
        configuration.port = server.port
        let next = try RPCServer(configuration: configuration, handlers: .echo, logger: quietLogger)
        #expect(next.port == server.port)
        await next.shutDown(grace: .zero)
    }

    @Test func aServerIsRunOnce() async throws {
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel { channel in
                // Answered only once the first run() runs.
                _ = try await channel.unary(.echo, [], timeout: .seconds(30))
                let error = await #expect(throws: RPCServerError.self) { try await fixture.server.run() }
                #expect(error?.code == .alreadyRunning)
            }
        }
    }

    @Test func aChannelsShutdownEndsItsCalls() async throws {
        let gate = Gate()
        try await Fixture.with(Self.gated(gate)) { fixture in
            let channel = try fixture.makeChannel()
            let stream = try channel.openStream(.echoStream)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let status = await #expect(throws: RPCStatus.self) {
                        try await channel.unary(.echo, [1], timeout: nil)
                    }
                    #expect(status?.code == .cancelled)
                }
                group.addTask {
                    let status = await #expect(throws: RPCStatus.self) { try await stream.next() }
                    #expect(status?.code == .cancelled)
                }
                try await eventually { gate.waiting == 1 }
                await channel.shutDown()
                try await group.waitForAll()
                gate.open()
            }
            await channel.shutDown()
            let status = await #expect(throws: RPCStatus.self) {
                try await channel.unary(.echo, [1], timeout: nil)
            }
            #expect(status?.code == .unavailable)
            #expect(throws: RPCStatus.self) { try channel.openStream(.echoStream) }
        }
    }

    private func makeServer() throws -> RPCServer {
        let configuration = RPCServerConfiguration(credentials: try TestCertificates.server(), verifier: .mesh())
        return try RPCServer(configuration: configuration, handlers: .echo, logger: quietLogger)
    }
}

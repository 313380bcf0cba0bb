import Foundation
import MeshCore
import MeshRPC
import MeshTLS
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct MeshRPCChurnTests {
    /// The process's threads by their names, as the kernel counts them.
    private func threads() throws -> [String: Int] {
        var names: [String: Int] = [:]
        for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
            // A thread may end while they are counted.
            guard let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8) else {
                continue
            }
            names[name.trimmingCharacters(in: .whitespacesAndNewlines), default: 0] += 1
        }
        return names
    }

    @Test func channelsComeAndGoWithoutThreadsOfTheirOwn() async throws {
        let cycles = ProcessInfo.processInfo.environment["MESH_TEST_LONG"] == nil ? 200 : 1_000
        try await Fixture.with(.echo, within: .seconds(280)) { fixture in
            var early: [String: Int] = [:]
            for cycle in 0..<cycles {
                try await fixture.withChannel { channel in
                    let stream = try channel.openStream(.echoStream)
                    try await stream.send([1])
                    #expect(try await stream.next() == [1])
                }
                if cycle == 10 { early = try threads() }
            }
            let late = try threads()
            // Other tests of the process start threads of their own; the transport's have names.
            for (name, count) in late where name.hasPrefix("mesh-rpc") || name.hasPrefix("grpc") {
                #expect(count <= early[name, default: 0] + 2, "\(name): \(count), before \(early)")
            }
            try await eventually { fixture.server.openCalls.streams == 0 }
        }
    }

    @Test func serversComeAndGoWithOpenStreams() async throws {
        for _ in 0..<20 {
            try await Fixture.with(.echo) { fixture in
                let channel = try fixture.makeChannel()
                let streams = try (0..<20).map { _ in try channel.openStream(.echoStream) }
                for stream in streams {
                    try await stream.send([1])
                    #expect(try await stream.next() == [1])
                }
                await fixture.server.shutDown(grace: .zero)
                await channel.shutDown()
            }
        }
    }

    @Test func aChannelFindsAServerThatCameBack() async throws {
        let (channel, port) = try await Fixture.with(.echo) { fixture in
            let channel = try fixture.makeChannel()
            let answer = try await channel.unary(.echo, [1], timeout: .seconds(30))
            #expect(answer == [1])
            return (channel, fixture.port)
        }
        let status = await #expect(throws: RPCStatus.self) {
            try await channel.unary(.echo, [1], timeout: .seconds(30))
        }
        #expect(status?.code == .unavailable)
        try await Fixture.with(.echo) {
            $0.port = port
        } _: { _ in
            try await eventually { (try? await channel.unary(.echo, [2], timeout: .seconds(30))) == [2] }
            await channel.shutDown()
        }
    }

    @Test func nothingButACallMakesAChannelConnect() async throws {
        let handshakes = Locked(0)
        let refusing = PeerVerifier { _, _, _ in
            handshakes.withLock { $0 += 1 }
            return .failure(PeerVerificationError("not today"))
        }
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel {
                $0.verifier = refusing
                $0.connectTimeout = .milliseconds(100)
            } _: { channel in
                for attempt in 1...3 {
                    let status = await #expect(throws: RPCStatus.self) {
                        try await channel.unary(.echo, [1], timeout: .seconds(30))
                    }
                    #expect(status?.message.contains("not today") == true)
                    try await Task.sleep(for: .milliseconds(400))
                    #expect(handshakes.withLock { $0 } == attempt)
                }
            }
        }
    }

    @Test func aClientThatPingsWithoutCallsIsLegal() async throws {
        try await Fixture.with(.echo) {
            $0.minimumClientPingInterval = .milliseconds(500)
        } _: { fixture in
            try await fixture.withChannel {
                $0.keepaliveTime = .seconds(1)
            } _: { channel in
                // An idle connection that is pinged each second, longer than a default server puts up with.
                #expect(try await channel.unary(.echo, [1], timeout: .seconds(30)) == [1])
                let stream = try channel.openStream(.echoStream)
                try await stream.send([1])
                #expect(try await stream.next() == [1])
                try await Task.sleep(for: .seconds(6))
                try await stream.send([2])
                #expect(try await stream.next() == [2])
            }
        }
    }
}

import Glibc
import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

/// What keeps connections from becoming too many, as core limits them in no way.
@Suite(.timeLimit(.minutes(4))) struct MeshRPCConnectionBoundTests {
    /// In a process of its own, as it takes thousands of descriptors.
    @Test func thousandsOfSilentConnectionsAreClosedInTimeAndHarmNobody() async throws {
        await #expect(processExitsWith: .success) {
            try await Fixture.with(.echo) {
                $0.handshakeTimeout = .seconds(5)
            } _: { fixture in
                // Both ends of a connection are here.
                let limit = try #require(FileDescriptorLimit.current)
                let count = min(2_000, (limit - 256) / 2)
                try #require(count >= 400, "the limit of \(limit) open files is too low for this test")
                try await fixture.withChannel { channel in
                    let stream = try channel.openStream(.echoStream)
                    try await stream.send([1])
                    #expect(try await stream.next() == [1])

                    let before = try ProcessFigures.residentKiB
                    let descriptors = try ProcessFigures.descriptors
                    let sockets = try SilentSockets(count, port: fixture.port)
                    try await eventually("all connections to be open") {
                        try ProcessFigures.descriptors >= descriptors + 2 * count
                    }
                    let growth = try ProcessFigures.residentKiB - before
                    if ProcessFigures.isMemoryItsOwn {
                        #expect(growth < count * 100, "\(count) silent connections took \(growth) KiB")
                    }

                    // Who was there goes on, and who comes now is served.
                    try await stream.send([2])
                    #expect(try await stream.next() == [2])
                    try await fixture.withChannel { newcomer in
                        let answer = try await newcomer.unary(.echo, [3], timeout: .seconds(60))
                        #expect(answer == [3])
                    }
                    try await eventually(within: .seconds(60), "the silent connections to be closed") {
                        // This side's ends stay.
                        try ProcessFigures.descriptors < descriptors + sockets.count + 20
                    }
                    try await stream.send([4])
                    #expect(try await stream.next() == [4])
                }
            }
        }
    }

    /// In a process of its own, whose descriptors are those of the test's connections.
    @Test func aConnectionWithoutCallsIsClosedAndMadeAnewForTheNextCall() async throws {
        await #expect(processExitsWith: .success) {
            try await Fixture.with(.echo) {
                $0.maximumConnectionIdle = .seconds(2)
            } _: { fixture in
                try await fixture.withChannel { busy in
                    let stream = try busy.openStream(.echoStream)
                    try await stream.send([1])
                    #expect(try await stream.next() == [1])
                    try await fixture.withChannel { idle in
                        let one = try ProcessFigures.descriptors
                        #expect(try await idle.unary(.echo, [1], timeout: .seconds(30)) == [1])
                        let both = try ProcessFigures.descriptors
                        try #require(both >= one + 2)
                        try await eventually("the idle connection to be closed") {
                            try ProcessFigures.descriptors <= both - 2
                        }
                        // The one with an open stream is the one that is left.
                        try await stream.send([2])
                        #expect(try await stream.next() == [2])
                        #expect(try await idle.unary(.echo, [3], timeout: .seconds(30)) == [3])
                    }
                }
            }
        }
    }

    @Test func requestsBeyondTheBufferQuotaAreEndedAndTheServerGoesOn() async throws {
        try await Fixture.with(.echo) {
            $0.readBufferBytes = 16 << 20
            $0.maximumRequestBytes = 4 << 20
        } _: { fixture in
            let large = [UInt8].pattern(3 << 20)
            // One at a time has room; sixteen at a time are three times the quota.
            try await fixture.withChannel { channel in
                for _ in 0..<8 {
                    let answer = try await channel.unary(.echo, large, timeout: .seconds(60))
                    #expect(answer == large)
                }
            }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        let result = try? await fixture.withChannel { channel in
                            try await channel.unary(.echo, large, timeout: .seconds(60))
                        }
                        // Answered whole, or not at all.
                        #expect(result == nil || result == large)
                    }
                }
            }
            try await eventually("a large request to be served again") {
                try await fixture.withChannel { channel in
                    (try? await channel.unary(.echo, large, timeout: .seconds(60))) == large
                }
            }
        }
    }
}

/// Connections that say nothing.
private final class SilentSockets {
    private let descriptors: [Int32]

    var count: Int { descriptors.count }

    init(_ count: Int, port: Int) throws {
        var descriptors: [Int32] = []
        for _ in 0..<count {
            let socket = try RawSocket(port: port)
            // Kept beyond the value that made it.
            let kept = dup(socket.descriptor)
            try #require(kept >= 0)
            descriptors.append(kept)
        }
        self.descriptors = descriptors
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }
}

import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct RPCServerCountersTests {
    @Test func whatIsOpenedSentAndRefusedIsCounted() async throws {
        let drivers = Drivers()
        var handlers = RPCHandlers.scripted(drivers)
        handlers.refuse(.immediateEcho, with: RPCStatus(.permissionDenied, "never"))
        try await Fixture.with(handlers) {
            $0.maximumStreamsPerPeer = 1
        } _: { fixture in
            let server = fixture.server
            #expect(server.counters == RPCServerCounters())
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { drivers.all.count == 1 }
                drivers.all[0].send([RPCPayload([1, 2, 3]), RPCPayload(), RPCPayload([4])])
                for _ in 0..<3 { _ = try await stream.next() }
                _ = try await channel.unary(.echo, [5, 6], timeout: .seconds(30))
                for method in [RPCMethod.immediateEcho, RPCMethod(path: "/no/such")] {
                    await #expect(throws: RPCStatus.self) { try await channel.unary(method, [], timeout: .seconds(30)) }
                }
                let second = try channel.openStream(.echoStream)
                await #expect(throws: RPCStatus.self) { try await second.next() }
                try await eventually { server.counters.openCalls == 0 }
                var expected = RPCServerCounters()
                expected.openStreams = 1
                expected.openedStreams = 1
                expected.openedCalls = 1
                expected.refusedMethods = 2
                expected.refusedByBounds = 1
                expected.sentMessages = 4
                expected.sentBytes = 6
                expected.acceptedHandshakes = 1
                #expect(server.counters == expected)
                stream.cancel()
            }
            try await eventually { server.counters.openStreams == 0 }
            #expect(server.counters.sentMessages == 4 && server.counters.sentBytes == 6)
        }
    }

    @Test func refusedCertificatesAreCountedAtHandshakesAndAtCalls() async throws {
        var revoked = RevokedCertificates()
        revoked.insert(commonName: "remote-kos")
        try await Fixture.with(.echo) { [revoked] fixture in
            let server = fixture.server
            try await fixture.withChannel(as: TestCertificates.client("remote-kos")) { channel in
                _ = try await channel.unary(.echo, [1], timeout: .seconds(30))
                server.setRevoked(revoked)
                await #expect(throws: RPCStatus.self) { try await channel.unary(.echo, [1], timeout: .seconds(30)) }
                let stream = try channel.openStream(.echoStream)
                await #expect(throws: RPCStatus.self) { try await stream.next() }
                #expect(server.counters.refusedCertificates == 2)
                #expect(server.counters.acceptedHandshakes == 1 && server.counters.refusedHandshakes == 0)
            }
            try await fixture.withChannel(as: TestCertificates.client("remote-kos")) { channel in
                await #expect(throws: RPCStatus.self) { try await channel.unary(.echo, [1], timeout: .seconds(30)) }
                try await eventually { server.counters.refusedHandshakes > 0 }
                #expect(server.counters.refusedCertificates == 2)
            }
        }
    }
}

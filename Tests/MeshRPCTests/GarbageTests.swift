import MeshCore
import MeshRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCGarbageTests {
    private static let kinds: [[UInt8]] = [
        Array(repeating: 0, count: 16),
        Array("GET / HTTP/1.1\r\n\r\n".utf8),
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8),
        [UInt8].pattern(100_000),
        // The head of a TLS record that says more than follows.
        [0x16, 0x03, 0x01, 0x40, 0x00] + [UInt8](repeating: 1, count: 0x4000),
    ]

    @Test func garbageOnThePortHarmsOnlyItsOwnConnection() async throws {
        try await Fixture.with(.echo) {
            // The last kind is only seen to be garbage when the rest of it does not come.
            $0.handshakeTimeout = .seconds(2)
        } _: { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                for garbage in Self.kinds {
                    let socket = try RawSocket(port: fixture.port)
                    socket.send(garbage)
                    let wasClosed = socket.readToEnd()
                    #expect(wasClosed, "the connection with \(garbage.count) bytes of garbage stayed open")
                    try await stream.send([1])
                    #expect(try await stream.next() == [1])
                }
            }
        }
    }

    @Test func aConnectionThatSaysNothingIsClosed() async throws {
        try await Fixture.with(.echo) {
            $0.handshakeTimeout = .milliseconds(300)
        } _: { fixture in
            let socket = try RawSocket(port: fixture.port)
            let wasClosed = socket.readToEnd()
            #expect(wasClosed)
        }
    }
}

import Glibc
import MeshCore
import MeshTLS
import TestSupport
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(2))) struct PeerConnectionsTests {
    private func connection(_ name: String) -> PeerConnection {
        PeerConnection(
            address: name,
            judge: { _ in .success(PeerIdentity(commonName: name)) },
            authContext: nil
        )
    }

    /// A call's answer is this.
    private func expect(
        _ channel: RPCChannel,
        _ method: RPCMethod,
        _ request: [UInt8],
        gives answer: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await channel.unary(method, request, timeout: .seconds(30))
        #expect(found == answer, sourceLocation: sourceLocation)
    }

    @Test func aConnectionIsLookedAtOnce() {
        let connections = PeerConnections()
        let first = connections.connection(1) { connection("a") }
        let again = connections.connection(1) {
            Issue.record("it was known")
            return connection("b")
        }
        let other = connections.connection(2) { connection("b") }
        #expect(first === again && first !== other)
        #expect(connections.count == 2)
    }

    @Test func whatIsKeptIsBounded() {
        let connections = PeerConnections()
        for identity in 0..<UInt(3 * PeerConnections.capacity) {
            let made = connections.connection(identity) { connection("\(identity)") }
            #expect(made.address == "\(identity)")
            #expect(connections.count <= PeerConnections.capacity)
        }
        // Who was forgotten is learnt anew, as itself.
        #expect(connections.connection(0) { connection("again") }.address == "again")
    }

    @Test func aConnectionsStreamsShareTheMetadataThatTheyHaveInCommon() {
        let connection = connection("a")
        let first: RPCMetadata = ["user-agent": "a client of a certain version"]
        #expect(connection.shared(first) == first)
        #expect(connection.shared(["user-agent": "a client of a certain version"]) == first)
        let other: RPCMetadata = ["token": "x"]
        #expect(connection.shared(other) == other)
        #expect(connection.shared([:]) == [:])
    }

    @Test func everyCallIsJudgedButACertificateIsReadOnceForAConnection() async throws {
        struct Counts: Hashable, Sendable {
            var readings = 0
            var judgements = 0
        }
        let counts = Locked(Counts())
        let mesh = PeerVerifier.mesh()
        let counting = PeerVerifier(reading: { leaf, chain in
            counts.withLock { $0.readings += 1 }
            let judge = mesh.reading(leaf, chain)
            return { expected in
                counts.withLock { $0.judgements += 1 }
                return judge(expected)
            }
        })
        try await Fixture.with(.echo) {
            $0.verifier = counting
        } _: { fixture in
            for connection in 1...2 {
                try await fixture.withChannel { channel in
                    for number: UInt8 in 0..<10 {
                        #expect(try await channel.unary(.echo, [number], timeout: .seconds(30)) == [number])
                        let stream = try channel.openStream(.echoStream)
                        try await stream.send([number])
                        #expect(try await stream.next() == [number])
                        stream.cancel()
                    }
                    // Once at the handshake, once at the first call.
                    #expect(counts.withLock { $0.readings } == 2 * connection)
                    #expect(counts.withLock { $0.judgements } >= 20 * connection)
                }
            }
        }
    }

    /// The clock is looked at at every call: a certificate that was good when the connection was made may be no more.
    @Test func aCertificateThatExpiresWhileItsConnectionLivesIsRefusedFromThenOn() async throws {
        let credentials = try TestCertificates.client()
        let now = Locked<Int64?>(nil)
        let present = Int64(time(nil))
        var handlers = RPCHandlers.echo
        handlers.unary(.immediateEcho, immediate: { _, bytes in .success(RPCPayload(bytes)) }) { _, _ in RPCPayload() }
        try await Fixture.with(handlers) {
            $0.verifier = .mesh(now: { now.withLock { $0 } ?? present })
        } _: { fixture in
            try await fixture.withChannel(as: credentials) { channel in
                for method in [RPCMethod.echo, .immediateEcho] {
                    try await expect(channel, method, [1], gives: [1])
                }
                now.withLock { $0 = present + 100 * 365 * 86_400 }
                for method in [RPCMethod.echo, .immediateEcho] {
                    let status = await #expect(throws: RPCStatus.self) {
                        try await channel.unary(method, [1], timeout: .seconds(30))
                    }
                    #expect(status?.code == .unauthenticated)
                }
                now.withLock { $0 = present }
                for method in [RPCMethod.echo, .immediateEcho] {
                    try await expect(channel, method, [1], gives: [1])
                }
            }
        }
    }
}

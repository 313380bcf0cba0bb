import MeshCore
import MeshRPC
import MeshTLS
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCRevocationTests {
    /// A client's credentials, and the list that revokes them.
    private func revocable(_ commonName: String) throws -> (TLSCredentials, RevokedCertificates) {
        let credentials = try TestCertificates.client(commonName)
        let certificate = try CertificateInspector.inspectFirst(pem: credentials.certificateChain)
        var revoked = RevokedCertificates()
        revoked.insert(serialNumber: certificate.serialNumber, issuer: certificate.issuer)
        return (credentials, revoked)
    }

    private func expectRefusal(_ status: RPCStatus?) {
        #expect(status?.code == .unauthenticated)
        #expect(status?.message.contains("refused") == true)
        #expect(status?.message.contains("revoked") == true, "\(status?.message ?? "")")
    }

    @Test func aRevokedClientsStreamsEndAndItsCallsFailWithinASecond() async throws {
        let (credentials, revoked) = try revocable("remote-kos")
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel(as: credentials) { channel in
                let streams = try (0..<3).map { _ in try channel.openStream(.echoStream) }
                for stream in streams {
                    try await stream.send([1])
                    #expect(try await stream.next() == [1])
                }
                let start = ContinuousClock.now
                fixture.server.setRevoked(revoked)
                for stream in streams {
                    expectRefusal(await #expect(throws: RPCStatus.self) { try await stream.next() })
                }
                expectRefusal(
                    await #expect(throws: RPCStatus.self) {
                        try await channel.unary(.echo, [2], timeout: .seconds(30))
                    }
                )
                // Promised is a second; a busy machine may take longer to tell.
                #expect(start.duration(to: .now) < .seconds(10))
                try await eventually("the streams to be gone") { fixture.server.openCalls.streams == 0 }
            }
            // A new connection does not come about.
            try await fixture.withChannel(as: credentials) { channel in
                let status = await #expect(throws: RPCStatus.self) {
                    try await channel.unary(.echo, [3], timeout: .seconds(30))
                }
                #expect(status?.code == .unavailable)
            }
        }
    }

    @Test func othersDoNotNotice() async throws {
        let (credentials, revoked) = try revocable("remote-kos")
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel(as: TestCertificates.client("remote-kos")) { namesake in
                let stream = try namesake.openStream(.echoStream)
                try await stream.send([1])
                #expect(try await stream.next() == [1])
                try await fixture.withChannel(as: credentials) { channel in
                    _ = try await channel.unary(.echo, [1], timeout: .seconds(30))
                    fixture.server.setRevoked(revoked)
                    await #expect(throws: RPCStatus.self) {
                        try await channel.unary(.echo, [1], timeout: .seconds(30))
                    }
                }
                try await stream.send([2])
                #expect(try await stream.next() == [2])
                #expect(try await namesake.unary(.echo, [3], timeout: .seconds(30)) == [3])
            }
        }
    }

    @Test func whoIsNoLongerRevokedIsServedAgain() async throws {
        let (credentials, revoked) = try revocable("remote-kos")
        try await Fixture.with(.echo) { fixture in
            fixture.server.setRevoked(revoked)
            try await fixture.withChannel(as: credentials) { channel in
                await #expect(throws: RPCStatus.self) { try await channel.unary(.echo, [1], timeout: .seconds(30)) }
                fixture.server.setRevoked(RevokedCertificates())
                let answer = try await channel.unary(.echo, [1], timeout: .seconds(30))
                #expect(answer == [1])
            }
        }
    }

    @Test func aStreamWhoseClientReadsNothingEndsToo() async throws {
        let (credentials, revoked) = try revocable("remote-kos")
        let drivers = Drivers()
        try await Fixture.with(.scripted(drivers, endless: RPCPayload(.pattern(100_000)))) { fixture in
            try await fixture.withChannel(as: credentials) { channel in
                let stream = try channel.openStream(.echoStream)
                try await eventually { (drivers.all.first?.seen.asked ?? 0) > 0 }
                fixture.server.setRevoked(revoked)
                try await eventually("the stalled stream to end") { drivers.all.first?.seen.closed == 1 }
                stream.cancel()
            }
        }
    }

    @Test func aCallThatRunsWhenItsCallerIsRevokedGetsNoAnswer() async throws {
        let (credentials, revoked) = try revocable("remote-kos")
        let gate = Gate()
        var handlers = RPCHandlers()
        handlers.unary(.echo) { _, request in
            await gate.pass()
            return RPCPayload(request)
        }
        try await Fixture.with(handlers) { fixture in
            try await fixture.withChannel(as: credentials) { channel in
                async let answer = channel.unary(.echo, [1], timeout: .seconds(30))
                try await eventually { gate.waiting == 1 }
                fixture.server.setRevoked(revoked)
                gate.open()
                do {
                    let bytes = try await answer
                    Issue.record("a revoked client was answered with \(bytes)")
                } catch let status as RPCStatus {
                    expectRefusal(status)
                }
            }
        }
    }

    /// Streams that open while the list changes are ended by one judgement or the other.
    @Test func noStreamSlipsThroughWhileTheListChanges() async throws {
        let (credentials, revoked) = try revocable("remote-kos")
        try await Fixture.with(.echo) { fixture in
            for _ in 0..<20 {
                fixture.server.setRevoked(RevokedCertificates())
                try await fixture.withChannel(as: credentials) { channel in
                    _ = try await channel.unary(.echo, [1], timeout: .seconds(30))
                    let streams = try (0..<20).map { _ in try channel.openStream(.echoStream) }
                    fixture.server.setRevoked(revoked)
                    for stream in streams {
                        expectRefusal(await #expect(throws: RPCStatus.self) { try await stream.next() })
                    }
                }
            }
        }
    }
}

import MeshCore
import MeshRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCEchoTests {
    @Test func aUnaryCallIsAnswered() async throws {
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel { channel in
                let answer = try await channel.unary(.echo, Array("hello".utf8), timeout: .seconds(30))
                #expect(answer == Array("hello".utf8))
                #expect(try await channel.unary(.echo, [], timeout: .seconds(30)).isEmpty)
                #expect(channel.serverIdentity?.dnsNames.contains("athens.mesh.cilium.io") == true)
            }
        }
    }

    @Test func aStreamBringsMessagesInOrderAndEndsWithTheServersStatus() async throws {
        try await Fixture.with(.echo) { fixture in
            try await fixture.withChannel { channel in
                let stream = try channel.openStream(.echoStream)
                for number in 0..<100 {
                    try await stream.send([UInt8(number)])
                    #expect(try await stream.next() == [UInt8(number)])
                }
                try await stream.send([200])
                try await stream.finishSending()
                #expect(try await stream.next() == [200])
                #expect(try await stream.next() == nil)
                #expect(try await stream.next() == nil)
                #expect(stream.status?.isOK == true)
                #expect(stream.status?.metadata["echoed"] == "all")
            }
        }
    }
}

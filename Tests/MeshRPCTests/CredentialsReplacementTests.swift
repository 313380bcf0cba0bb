import Foundation
import MeshCore
import MeshRPC
import MeshTLS
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MeshRPCCredentialsReplacementTests {
    private func serialNumber(of credentials: TLSCredentials) throws -> String {
        try CertificateInspector.inspectFirst(pem: credentials.certificateChain).serialNumber
    }

    /// The serial number that the server shows to a new connection.
    private func shown(by fixture: Fixture, to client: TLSCredentials? = nil) async throws -> String? {
        try await fixture.withChannel(as: client) { channel in
            _ = try await channel.unary(.echo, [1], timeout: .seconds(30))
            return channel.serverIdentity?.serialNumber
        }
    }

    @Test func newConnectionsSeeTheNewCertificateAndStreamsGoOn() async throws {
        let (first, second) = (try TestCertificates.server(), try TestCertificates.server())
        let (firstNumber, secondNumber) = (try serialNumber(of: first), try serialNumber(of: second))
        try await Fixture.with(.echo, credentials: first) { fixture in
            try await fixture.withChannel { old in
                let stream = try old.openStream(.echoStream)
                try await stream.send([1])
                #expect(try await stream.next() == [1])
                #expect(try await shown(by: fixture) == firstNumber)

                try fixture.server.replaceCredentials(second)
                try await eventually("the new certificate") { try await shown(by: fixture) == secondNumber }
                try await stream.send([2])
                #expect(try await stream.next() == [2])
                #expect(try await old.unary(.echo, [3], timeout: .seconds(30)) == [3])
                #expect(old.serverIdentity?.serialNumber == firstNumber)
            }
        }
    }

    @Test func clientsOfAnotherAuthorityAreTrustedOnceItsRootIsThere() async throws {
        let server = try TestCertificates.server()
        let foreign = try TestCertificates.foreignClient()
        let bundle = try TestCertificates.roots + TestCertificates.foreign.authority.certificatePEM
        try await Fixture.with(.echo, credentials: server) { fixture in
            await #expect(throws: RPCStatus.self) { try await shown(by: fixture, to: foreign) }
            var widened = server
            widened.trustedRoots = bundle
            try fixture.server.replaceCredentials(widened)
            try await eventually("the other authority to be trusted") {
                (try? await shown(by: fixture, to: foreign)) != nil
            }
        }
    }

    @Test func whatIsNoPEMTextIsRefusedAndNotUsed() async throws {
        try await Fixture.with(.echo) { fixture in
            let error = #expect(throws: RPCServerError.self) {
                try fixture.server.replaceCredentials(
                    TLSCredentials(certificateChain: "x", privateKey: "secret", trustedRoots: "y")
                )
            }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("secret") == false)
            let number = try await shown(by: fixture)
            #expect(number != nil)
        }
    }

    @Test func replacementsInASwiftRowDisturbNobody() async throws {
        let pairs = try (0..<8).map { _ in try TestCertificates.server() }
        let last = try serialNumber(of: #require(pairs.last))
        try await Fixture.with(.echo) { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<10 { _ = try await shown(by: fixture) }
                }
                for pair in pairs { try fixture.server.replaceCredentials(pair) }
                try await group.waitForAll()
            }
            try await eventually("the last certificate") { try await shown(by: fixture) == last }
        }
    }

    @Test func theKeyLeavesTheDiskWithTheServer() async throws {
        let parent = try TemporaryDirectory()
        try await Fixture.with(.echo) {
            $0.credentialsDirectory = parent.path
        } _: { fixture in
            let made = try FileManager.default.contentsOfDirectory(atPath: parent.path)
            #expect(made.count == 1)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path).isEmpty)
    }

    @Test func credentialsThatCannotBeLaidDownAreAnErrorThatSaysWhere() throws {
        let missing = try TemporaryDirectory().file("missing")
        var configuration = RPCServerConfiguration(credentials: try TestCertificates.server(), verifier: .mesh())
        configuration.credentialsDirectory = missing
        let error = #expect(throws: RPCServerError.self) {
            try RPCServer(configuration: configuration, handlers: .echo, logger: quietLogger)
        }
        #expect(error?.code == .credentialsNotStored)
        #expect(error?.message.contains(missing) == true)
    }
}

import ClusterMesh
import ClusterMeshTestKit
import Logging
import TestSupport
import Testing

/// What an agent exchanges while it runs, seen over the wire.
@Suite struct MeshAgentAccessTests {
    /// Reads `a` with the certificate of `name` once, over a connection of its own; the error, if it is refused.
    private func refusal(_ agent: MeshAgent, as name: String) async throws -> EtcdError? {
        var configuration = EtcdReaderConfiguration(
            endpoint: EtcdEndpoint(host: "127.0.0.1", port: agent.port), credentials: try TestCertificates.client(name),
            verifier: .mesh())
        configuration.requestTimeout = .seconds(10)
        let reader = try EtcdReader(configuration: configuration, logger: Logger(label: "test"))
        let result: Result<Void, EtcdError>
        do throws(EtcdError) {
            _ = try await reader.range(RangeRequest(.key("a")))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await reader.shutDown()
        if case .failure(let error) = result { return error }
        return nil
    }

    private func running(_ body: (MeshAgent) async throws -> Void) async throws {
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        configuration.additionalRoles = [AccessRole(.commonName("first"), mayRead: [.all])]
        let agent = try MeshAgent(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await body(agent)
        }
    }

    @Test func rolesAreReplacedAndThoseOfOtherClustersStay() async throws {
        try await running { agent async throws in
            #expect(try await refusal(agent, as: "first") == nil)
            #expect(try await refusal(agent, as: "second") == .permissionDenied)
            agent.replaceRoles(readers: [AccessRole(.commonName("second"), mayRead: [.all])], writers: nil)
            #expect(try await refusal(agent, as: "first") == .permissionDenied)
            #expect(try await refusal(agent, as: "second") == nil)
            #expect(agent.configuration.additionalRoles.map(\.match) == [.commonName("first")])
        }
    }

    @Test func whoIsRevokedIsRefusedUntilPardoned() async throws {
        try await running { agent async throws in
            var revoked = RevokedCertificates()
            revoked.insert(commonName: "first")
            agent.setRevoked(revoked)
            #expect(try await refusal(agent, as: "first") != nil)
            #expect(try await refusal(agent, as: "second") == .permissionDenied)
            agent.setRevoked(RevokedCertificates())
            #expect(try await refusal(agent, as: "first") == nil)
        }
    }

    @Test func anotherAuthoritysClientsAreTrustedOnceTheCredentialsSaySo() async throws {
        try await running { agent async throws in
            #expect(try await refusal(agent, as: "first") == nil)
            var foreign = try TestCertificates.server("athens")
            foreign.trustedRoots = try TestCertificates.foreign.authority.certificatePEM
            try agent.replaceCredentials(foreign)
            try await eventually("the refusal of the former authority's client") {
                try await refusal(agent, as: "first") != nil
            }
        }
    }
}

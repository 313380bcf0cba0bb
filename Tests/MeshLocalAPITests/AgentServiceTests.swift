import MeshCore
import MeshRPC
import MeshTLS
import MeshWire
import TestSupport
import Testing

@testable import MeshLocalAPI

@Suite(.timeLimit(.minutes(2))) struct AgentServiceTests {
    private static let status = AgentStatus(
        cluster: "athens",
        clusterID: 1,
        isInitialStateComplete: false,
        storeID: 9,
        revision: 17,
        peers: [AgentStatus.Peer(cluster: "hurup", state: "watching", isCurrent: true, revision: 3)]
    )

    /// An agent that counts how often it was declared ready, and fails when it is told to.
    private final class Agent: Sendable {
        let declarations = Locked(0)
        let failure = Locked<EtcdError?>(nil)

        var local: LocalAgent {
            LocalAgent {
                if let failure = self.failure.withLock({ $0 }) { throw failure }
                return self.declarations.withLock { count in
                    count += 1
                    return Revision(Int64(20 + count))
                }
            } status: {
                AgentServiceTests.status
            }
        }
    }

    private func client(of server: LocalServer, as name: String = "admin-athens") throws -> AgentClient {
        AgentClient(
            address: server.address,
            cluster: try ClusterName("athens"),
            credentials: try TestCertificates.client(name),
            verifier: .mesh(),
            logger: quietLogger
        )
    }

    private func error<Answer>(_ call: () async throws(AgentClientError) -> Answer) async -> AgentClientError? {
        do {
            _ = try await call()
            return nil
        } catch {
            return error
        }
    }

    @Test func aWriterDeclaresTheInitialStateComplete() async throws {
        let agent = Agent()
        try await LocalFixture.run(agent: agent.local) { fixture in
            let client = try client(of: fixture.server)
            #expect(try await client.declareInitialStateComplete() == 21)
            #expect(try await client.declareInitialStateComplete() == 22)
            #expect(agent.declarations.withLock { $0 } == 2)
        }
    }

    @Test func aUnixSocketTakesTheSameCalls() async throws {
        let directory = try TemporaryDirectory()
        let agent = Agent()
        try await LocalFixture.run(agent: agent.local) {
            $0.address = .unix(path: directory.file("run/local.sock"))
        } _: { fixture in
            let client = try client(of: fixture.server)
            #expect(try await client.status() == Self.status)
            #expect(try await client.declareInitialStateComplete() == 21)
        }
    }

    @Test func onlyAWriterDeclaresAndOnlyWhoHasARoleIsToldTheStatus() async throws {
        let agent = Agent()
        try await LocalFixture.run(agent: agent.local) { fixture in
            let reader = try client(of: fixture.server, as: "local-athens")
            #expect(try await reader.status() == Self.status)
            let declaration = await error { () async throws(AgentClientError) in
                try await reader.declareInitialStateComplete()
            }
            #expect(declaration?.code == .permissionDenied)
            for name in ["remote", "remote-hurup", "stranger"] {
                let outsider = try client(of: fixture.server, as: name)
                let declared = await error { () async throws(AgentClientError) in
                    try await outsider.declareInitialStateComplete()
                }
                #expect(declared?.code == .permissionDenied)
                let asked = await error { () async throws(AgentClientError) in try await outsider.status() }
                #expect(asked?.code == .permissionDenied)
            }
            #expect(agent.declarations.withLock { $0 } == 0)
        }
    }

    @Test func whatTheAgentRefusesIsTold() async throws {
        let agent = Agent()
        agent.failure.withLock { $0 = .noSpace }
        try await LocalFixture.run(agent: agent.local) { fixture in
            let client = try client(of: fixture.server)
            let error = await error { () async throws(AgentClientError) in
                try await client.declareInitialStateComplete()
            }
            #expect(error?.code == .resourceExhausted)
            #expect(error?.message == "\(fixture.server.address): \(EtcdError.noSpace.message)")
        }
    }

    @Test func garbageDeclaresNothing() async throws {
        let agent = Agent()
        try await LocalFixture.run(agent: agent.local) { fixture in
            try await fixture.withClient { client in
                for path in [AgentMethods.ready, AgentMethods.status] {
                    let error = try await client.refusal(path, [0x0B])
                    #expect(error.code == .invalidArgument, "\(path)")
                }
            }
            #expect(agent.declarations.withLock { $0 } == 0)
        }
    }

    @Test func aServerWithoutAnAgentDoesNotKnowTheService() async throws {
        try await LocalFixture.run { fixture in
            let client = try client(of: fixture.server)
            let error = await error { () async throws(AgentClientError) in try await client.status() }
            #expect(error?.code == .unimplemented)
        }
    }

    @Test func whoCannotBeReachedIsNamed() async throws {
        let directory = try TemporaryDirectory()
        let address = LocalAddress.unix(path: directory.file("nobody.sock"))
        var client = AgentClient(
            address: address, credentials: try TestCertificates.client(), verifier: .mesh(), logger: quietLogger
        )
        let nobody = await error { () async throws(AgentClientError) in try await client.status() }
        #expect(nobody?.code == .unavailable)
        #expect(nobody?.message.contains("\(address)") == true)
        client.address = .unix(path: "relative")
        let wrong = await error { () async throws(AgentClientError) in try await client.status() }
        #expect(wrong?.code == .invalidArgument)
        #expect(wrong?.message.contains("absolute") == true)
    }

    @Test func withoutAClustersNameTheCertificateMustNameTheHost() async throws {
        let directory = try TemporaryDirectory()
        for address in [LocalAddress.loopback(), .unix(path: directory.file("local.sock"))] {
            try await LocalFixture.run(agent: Agent().local) {
                $0.address = address
            } _: { fixture in
                var client = try client(of: fixture.server)
                client.cluster = nil
                #expect(try await client.status() == Self.status)
            }
        }
    }

    @Test func anotherClustersAgentIsRefused() async throws {
        try await LocalFixture.run(agent: Agent().local) { fixture in
            var client = try client(of: fixture.server)
            client.cluster = try ClusterName("hurup")
            let error = await error { () async throws(AgentClientError) in try await client.status() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("not of cluster hurup") == true)
        }
    }
}

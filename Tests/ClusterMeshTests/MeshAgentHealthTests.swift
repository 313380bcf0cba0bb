import ClusterMesh
import ClusterMeshTestKit
import Logging
import MeshRPC
import MeshWire
import TestSupport
import Testing

@Suite struct MeshAgentHealthTests {
    private func check(_ channel: RPCChannel) async throws -> HealthStatus {
        try HealthCodec.decodeAnswer(
            try await channel.unary(
                RPCMethod(path: HealthCodec.check), HealthCodec.encodeRequest(service: ""), timeout: .seconds(30)))
    }

    @Test func anAgentIsNotServingUntilItsStateIsComplete() async throws {
        var athens = TestCluster("athens", id: 1)
        athens.isComplete = false
        try await TestMesh.run([athens]) { mesh in
            let agent = try mesh.agent("athens")
            let credentials = try mesh.certificates(of: "athens").loadClientCredentials("remote-athens")
            let channel = try RPCChannel(
                configuration: RPCChannelConfiguration(
                    host: "127.0.0.1", port: agent.port, credentials: credentials, verifier: .mesh()),
                logger: Logger(label: "test"))
            do {
                #expect(try await check(channel) == .notServing)
                try agent.initialStateComplete()
                #expect(try await check(channel) == .serving)
            } catch {
                Issue.record(error)
            }
            await channel.shutDown()
        }
    }
}

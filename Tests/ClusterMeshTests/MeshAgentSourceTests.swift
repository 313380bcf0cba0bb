import ClusterMesh
import Logging
import TestSupport
import Testing

@Suite struct MeshAgentSourceTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func configuration(following: Bool) throws -> MeshConfiguration {
        var configuration = try MeshConfiguration(name: "athens", id: 1, credentials: TestCertificates.server("athens"))
        if following {
            configuration.source = .follow(
                ReplicaConfiguration(
                    endpoints: [try EtcdEndpoint(url: "https://127.0.0.1:1")],
                    credentials: try TestCertificates.client("remote"), verifier: .mesh()))
        }
        return configuration
    }

    @Test func anAgentOfItsOwnStateHasAStore() throws {
        let agent = try MeshAgent(configuration: configuration(following: false), logger: logger)
        try agent.store.put("a", "1")
        #expect(agent.reader.snapshot()["a"] != nil)
        #expect(agent.status().followed == nil)
        #expect(agent.status().revision == 2)
    }

    @Test func anAgentThatFollowsHasNoStoreAndSaysWhereWritesBelong() throws {
        let agent = try MeshAgent(configuration: configuration(following: true), logger: logger)
        let error = #expect(throws: MeshConfigurationError.self) { try agent.store }
        #expect(error?.message == "cluster 'athens' follows an etcd and has no store of its own; write to that etcd")
        #expect(throws: MeshConfigurationError.self) { try agent.initialStateComplete() }
        #expect(agent.status().followed?.isListed == false)
        #expect(!agent.status().isInitialStateComplete)
    }

    @Test func nobodyCanBeListenedToForWritesBesideAFollowedEtcd() throws {
        var configuration = try configuration(following: true)
        configuration.local = LocalListenerConfiguration()
        let error = #expect(throws: MeshConfigurationError.self) {
            try MeshAgent(configuration: configuration, logger: logger)
        }
        #expect(error?.message.contains("follows an etcd") == true)
    }

    @Test func aReplicaThatCannotBeIsAFaultOfTheConfiguration() throws {
        var configuration = try configuration(following: true)
        configuration.source = .follow(
            ReplicaConfiguration(endpoints: [], credentials: try TestCertificates.client("remote"), verifier: .mesh()))
        let error = #expect(throws: MeshConfigurationError.self) {
            try MeshAgent(configuration: configuration, logger: logger)
        }
        #expect(error?.message.contains("no endpoint") == true)
    }
}

import ClusterMesh
import ClusterMeshTestKit
import Foundation
import TestSupport
import Testing

/// What our agent publishes, read back with `etcdctl`: byte for byte what Cilium's own agents write and expect.
@Suite struct CiliumExportTests {
    /// Runs `body` with an agent that published the records of a fixture, and `etcdctl` with a certificate with which
    /// other clusters read.
    private func publishing(
        _ name: CiliumCluster.Name, _ body: @escaping @Sendable (MeshAgent, Etcdctl) async throws -> Void
    ) async throws {
        let records = try records(name)
        var cluster = TestCluster(name.rawValue, id: name.id)
        cluster.isComplete = false
        try await TestMesh.run([cluster]) { mesh in
            let agent = try mesh.agent(name.rawValue)
            try agent.publish(Array(records.values))
            try agent.initialStateComplete()
            let credentials = try mesh.certificates(of: name.rawValue).loadClientCredentials("remote-\(name.rawValue)")
            let etcdctl = try Etcdctl(endpoints: "https://127.0.0.1:\(agent.port)", credentials: credentials)
            try await body(agent, etcdctl)
        }
    }

    /// What a fixture's lines mean, by their keys; config and what is no record are left out.
    private func records(_ name: CiliumCluster.Name) throws -> [Key: MeshRecord] {
        let decoder = RecordDecoder(cluster: try ClusterName(name.rawValue), id: try ClusterID(name.id))
        var records: [Key: MeshRecord] = [:]
        for line in try CiliumCluster.fixture(name) {
            guard case .success = decoder.recordKey(of: line.key) else { continue }
            records[line.key] = try decoder.decode(key: line.key, value: line.value[...]).get()
        }
        return records
    }

    private func texts(_ etcdctl: Etcdctl, _ prefix: String) async throws -> [String: String] {
        let pairs = try await EtcdctlPairs(etcdctl, prefix, "--prefix").pairs
        return Dictionary(
            uniqueKeysWithValues: pairs.map { ($0.key.description, String(decoding: $0.value, as: UTF8.self)) })
    }

    @Test(.timeLimit(.minutes(2)), arguments: [CiliumCluster.Name.euWest, .north])
    func everyRecordIsReadAsCiliumWritesIt(_ name: CiliumCluster.Name) async throws {
        let known = try records(name)
        let expected = try CiliumCluster.fixture(name).filter { known[$0.key] != nil }.map { line in
            (line.key.description, String(decoding: line.value, as: UTF8.self))
        }
        #expect(expected.count >= 8)
        try await publishing(name) { _, etcdctl in
            let read = try await texts(etcdctl, "cilium/state/")
            #expect(read == Dictionary(uniqueKeysWithValues: expected))
        }
    }

    @Test(.timeLimit(.minutes(2))) func theConfigSaysWhatAReaderMustKnow() async throws {
        try await publishing(.euWest) { _, etcdctl in
            let config = try await etcdctl.run("get", "cilium/cluster-config/eu-west", "--print-value-only")
            #expect(
                config.output == #"{"id":3,"capabilities":{"syncedCanaries":true,"maxConnectedClusters":255}}"# + "\n")
        }
    }

    @Test(.timeLimit(.minutes(2))) func eachKindThatIsExportedHasACanaryAtItsBasePrefix() async throws {
        try await publishing(.euWest) { _, etcdctl in
            let canaries = try await texts(etcdctl, "cilium/synced/eu-west/")
            #expect(
                canaries.keys.sorted() == [
                    "cilium/synced/eu-west/cilium/state/identities/v1", "cilium/synced/eu-west/cilium/state/ip/v1",
                    "cilium/synced/eu-west/cilium/state/nodes/v1", "cilium/synced/eu-west/cilium/state/services/v1",
                ])
            for time in canaries.values { try expectPresent(time) }
        }
    }

    @Test(.timeLimit(.minutes(2))) func theHeartbeatIsThePresentTime() async throws {
        try await publishing(.euWest) { agent, etcdctl in
            try await eventually("the first heartbeat") { agent.reader.snapshot()[KeyLayout.heartbeat] != nil }
            let read = try await texts(etcdctl, "cilium/.heartbeat")
            try expectPresent(try #require(read["cilium/.heartbeat"]))
        }
    }

    @Test(.timeLimit(.minutes(2))) func whatIsWithdrawnIsGoneFromEtcdctlsSightToo() async throws {
        try await publishing(.euWest) { agent, etcdctl in
            let before = try await texts(etcdctl, "cilium/state/nodes/")
            #expect(before.keys.sorted() == ["worker-1", "worker-2"].map { "cilium/state/nodes/v1/eu-west/\($0)" })
            try agent.withdraw([.node("worker-1")])
            let after = try await texts(etcdctl, "cilium/state/nodes/")
            #expect(Array(after.keys) == ["cilium/state/nodes/v1/eu-west/worker-2"])
        }
    }

    /// Expects a time as Go's RFC 3339 writes it, of the last minutes.
    private func expectPresent(_ text: String) throws {
        let time = try Date(text, strategy: .iso8601)
        #expect(abs(time.timeIntervalSinceNow) < 600, "\(text)")
    }
}

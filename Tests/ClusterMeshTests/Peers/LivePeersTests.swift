import ClusterMesh
import ClusterMeshTestKit
import Logging
import TestSupport
import Testing

/// Peers come, change and go while an agent runs.
@Suite struct LivePeersTests {
    /// A cluster with one node, that mirrors nobody by itself.
    private func cluster(_ name: String, _ id: Int) throws -> TestCluster {
        let node = NodeRecord(name: "\(name)-1", cluster: name, clusterID: UInt32(id))
        let key = RecordKey.node(node.name).key(in: try ClusterName(name))
        var cluster = TestCluster(name, id: id, state: [StateLine(key: key, value: node.encoded())])
        cluster.peers = []
        return cluster
    }

    private func run(_ body: @Sendable (TestMesh) async throws -> Void) async throws {
        try await TestMesh.run([cluster("athens", 1), cluster("hurup", 2), cluster("kos", 3)], body)
    }

    /// A peer of athens, at the port that its agent has now.
    private func peer(_ name: String, _ id: Int, in mesh: TestMesh) throws -> PeerConfiguration {
        try PeerConfiguration(
            name: name, id: id, endpoints: ["https://127.0.0.1:\(try mesh.agent(name).port)"],
            credentials: try mesh.certificates(of: "athens").loadClientCredentials("remote-athens"))
    }

    private func nodes(_ agent: MeshAgent) -> Set<String> {
        let nodes = agent.views.nodes.snapshot()
        return Set(nodes.clusters.names.flatMap { cluster in nodes.nodes(of: cluster).map(\.name) })
    }

    @Test func aPeerThatIsAddedIsMirroredAndOneThatIsRemovedLeavesTheViews() async throws {
        try await run { mesh in
            let athens = try mesh.agent("athens")
            let (hurup, kos) = (try peer("hurup", 2, in: mesh), try peer("kos", 3, in: mesh))
            #expect(athens.peers == [])
            try athens.setPeers([kos])
            #expect(athens.peers == [kos.name])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
            try await eventually("kos' node") { nodes(athens) == ["athens-1", "kos-1"] }

            try athens.setPeers([kos, hurup])
            try await eventually("hurup's node") { nodes(athens) == ["athens-1", "hurup-1", "kos-1"] }

            let mirror = try #require(athens.mirror(of: kos.name))
            try athens.setPeers([hurup])
            #expect(athens.mirror(of: kos.name) == nil)
            #expect(athens.status().peers.map(\.cluster) == [hurup.name])
            try await eventually("the end of kos") { nodes(athens) == ["athens-1", "hurup-1"] }
            try await eventually("the end of the mirror") { mirror.status.state == .gone }
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
        }
    }

    @Test func aPeerThatIsAddedAgainAtOnceIsMirroredAnew() async throws {
        try await run { mesh in
            let athens = try mesh.agent("athens")
            let kos = try peer("kos", 3, in: mesh)
            for _ in 0..<5 {
                try athens.setPeers([kos])
                try athens.setPeers([])
            }
            try athens.setPeers([kos])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
            try await eventually("kos' node") { nodes(athens) == ["athens-1", "kos-1"] }
            let former = try #require(athens.mirror(of: kos.name))
            try athens.setPeers([])
            try athens.setPeers([kos])
            #expect(athens.mirror(of: kos.name) !== former)
            try await eventually("kos' node once more") {
                former.status.state == .gone && nodes(athens) == ["athens-1", "kos-1"]
            }
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
        }
    }

    @Test func aPeerThatIsSetAsItWasKeepsItsConnection() async throws {
        try await run { mesh in
            let athens = try mesh.agent("athens")
            let kos = try peer("kos", 3, in: mesh)
            try athens.setPeers([kos])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
            let mirror = try #require(athens.mirror(of: kos.name))
            try athens.setPeers([try peer("hurup", 2, in: mesh), kos])
            try athens.setPeers([kos])
            #expect(athens.mirror(of: kos.name) === mirror)
            try await eventually("the end of hurup") { !nodes(athens).contains("hurup-1") }
            #expect(mirror.status.state == .watching && mirror.status.connections == 1)
        }
    }

    @Test func peersThatCannotBeChangeNothing() async throws {
        try await run { mesh in
            let athens = try mesh.agent("athens")
            let kos = try peer("kos", 3, in: mesh)
            try athens.setPeers([kos])
            var wrong = try peer("hurup", 2, in: mesh)
            wrong.id = kos.id
            let error = #expect(throws: MeshConfigurationError.self) { try athens.setPeers([kos, wrong]) }
            #expect(error?.message.contains("'kos' both have ID 3") == true)
            #expect(athens.peers == [kos.name])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
        }
    }

    @Test func aPeerThatIsRemovedIsNoLongerWaitedFor() async throws {
        try await run { mesh in
            let athens = try mesh.agent("athens")
            var kos = try peer("kos", 3, in: mesh)
            kos.endpoints = [EtcdEndpoint(host: "127.0.0.1", port: 1)]
            try athens.setPeers([kos])
            await #expect(throws: SynchronizationTimeout.self) {
                try await athens.waitUntilSynchronized(timeout: .milliseconds(50))
            }
            try await within(.seconds(30), "the wait") { [kos] in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await athens.waitUntilSynchronized(timeout: .seconds(60)) }
                    try await eventually("the first failure") { athens.mirror(of: kos.name)?.status.lastError != nil }
                    try athens.setPeers([])
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func peersThatAreSetByManyTasksAtOnceAreThoseThatWereSetLast() async throws {
        try await run { mesh in
            let athens = try mesh.agent("athens")
            let (hurup, kos) = (try peer("hurup", 2, in: mesh), try peer("kos", 3, in: mesh))
            var elsewhere = kos
            elsewhere.endpoints = [EtcdEndpoint(host: "127.0.0.1", port: 1)]
            let choices = [[], [hurup], [kos], [hurup, kos], [elsewhere], [hurup, elsewhere]]
            let seen = Locked<[RemoteClusterMirror]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in 0..<4 as Range<UInt64> {
                    group.addTask {
                        var random = SplitMix64(seed: seed)
                        for _ in 0..<40 {
                            try athens.setPeers(choices.randomElement(using: &random) ?? [])
                            let mirrors = athens.peers.compactMap { athens.mirror(of: $0) }
                            seen.withLock { $0 += mirrors }
                            await Task.yield()
                        }
                    }
                }
                try await group.waitForAll()
            }
            try athens.setPeers([hurup, kos])
            try await athens.waitUntilSynchronized(timeout: .seconds(30))
            try await eventually("both nodes") { nodes(athens) == ["athens-1", "hurup-1", "kos-1"] }
            let present = athens.peers.compactMap { athens.mirror(of: $0) }
            #expect(present.map { $0.status.endpoint?.port } == [hurup, kos].map { $0.endpoints[0].port })
            try await eventually("the end of all former mirrors") {
                seen.withLock { $0 }.allSatisfy { mirror in
                    present.contains { $0 === mirror } || [.gone, .idle].contains(mirror.status.state)
                }
            }
        }
    }

    @Test func whatAnAgentThatWasShutDownSawOfItsPeersStays() async throws {
        try await run { mesh in
            let athens = try mesh.agent("athens")
            try athens.setPeers([try peer("kos", 3, in: mesh)])
            try await eventually("kos' node") { nodes(athens).contains("kos-1") }
            await mesh.stop("athens")
            #expect(nodes(athens) == ["athens-1", "kos-1"])
            try athens.setPeers([])
            #expect(athens.peers == [])
            #expect(nodes(athens) == ["athens-1", "kos-1"], "shutting down withdraws nothing")
        }
    }

    @Test func peersMayBeSetBeforeTheAgentRuns() async throws {
        try await run { mesh in
            let (hurup, kos) = (try peer("hurup", 2, in: mesh), try peer("kos", 3, in: mesh))
            var configuration = try MeshConfiguration(
                name: "athens", id: 1, credentials: try mesh.certificates(of: "athens").loadServerCredentials())
            configuration.peers = [hurup]
            let agent = try MeshAgent(configuration: configuration, logger: Logger(label: "test"))
            try agent.setPeers([kos])
            #expect(agent.status().peers.map(\.state) == [.idle])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await agent.run() }
                try await eventually("kos' node") { nodes(agent) == ["kos-1"] }
                group.cancelAll()
            }
        }
    }
}

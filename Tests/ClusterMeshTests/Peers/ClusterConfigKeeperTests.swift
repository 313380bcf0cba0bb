import ClusterMeshTestKit
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct ClusterConfigKeeperTests {
    private func run(
        _ adjust: @escaping @Sendable (inout MeshConfiguration) -> Void = { _ in },
        isComplete: Bool = true, _ body: @Sendable (MeshAgent) async throws -> Void
    ) async throws {
        var athens = TestCluster("athens", id: 1)
        athens.adjust = adjust
        athens.isComplete = isComplete
        try await TestMesh.run([athens]) { mesh in try await body(mesh.agent("athens")) }
    }

    /// The config as it stands in the store.
    private func config(_ agent: MeshAgent) throws -> ClusterConfig? {
        let pair = agent.reader.snapshot()[KeyLayout.clusterConfig(of: agent.configuration.name)]
        return try pair.map { try ClusterConfig(decoding: $0.value) }
    }

    @Test func theConfigSaysWhatTheAgentIsConfiguredAs() async throws {
        try await run({ $0.serviceExportsEnabled = false }) { agent in
            let config = try #require(try config(agent))
            #expect(config.id == 1)
            #expect(config.syncedCanaries)
            #expect(!config.cached)
            #expect(config.maxConnectedClusters == 255)
            #expect(config.serviceExportsEnabled == false)
            #expect(config.endpointSlicesExportMode == "")
        }
        try await run { agent in try #expect(config(agent)?.serviceExportsEnabled == nil) }
    }

    @Test func aConfigThatAWriterChangedIsPutBack() async throws {
        try await run { agent in
            let key = KeyLayout.clusterConfig(of: agent.configuration.name)
            let published = try #require(try config(agent))
            try agent.store.put(key, ClusterConfig(id: 9).encoded())
            try await eventually("the config") { try config(agent) == published }
            // Also a second time, after the pause.
            try agent.store.put(key, "no config")
            try await eventually("the config once more") { (try? config(agent)) == published }
        }
    }

    @Test func aConfigThatAWriterRemovedIsPutBack() async throws {
        try await run { agent in
            let published = try #require(try config(agent))
            try agent.store.delete(.key(KeyLayout.clusterConfig(of: agent.configuration.name)))
            try await eventually("the config") { try config(agent) == published }
        }
    }

    @Test func aWriterThatInsistsIsCorrectedOnceASecondAtMost() async throws {
        try await run { agent in
            let key = KeyLayout.clusterConfig(of: agent.configuration.name)
            let published = try #require(try config(agent))
            let (begin, before) = (ContinuousClock.now, agent.reader.revision.rawValue)
            let writes = 200
            for number in 0..<writes {
                try agent.store.put(key, "\(number)")
                try await Task.sleep(for: .milliseconds(1))
            }
            try await eventually("the config") { (try? config(agent)) == published }
            let corrections = Int(agent.reader.revision.rawValue - before) - writes
            let seconds = begin.duration(to: .now) / ClusterConfigKeeper.pause
            // One at once, one after each pause; the heartbeat may have been written, too.
            #expect(corrections >= 1 && corrections <= 3 + Int(seconds))
        }
    }

    @Test func nothingIsPublishedBeforeTheStateIsComplete() async throws {
        try await run(isComplete: false) { agent in
            let key = KeyLayout.clusterConfig(of: agent.configuration.name)
            try agent.store.put(key, ClusterConfig(id: 9).encoded())
            // Long enough for the keeper to have looked at it: it looks at once.
            try await Task.sleep(for: .milliseconds(50))
            #expect(try config(agent)?.id == 9)
            try agent.initialStateComplete()
            #expect(try config(agent)?.id == 1)
        }
    }
}

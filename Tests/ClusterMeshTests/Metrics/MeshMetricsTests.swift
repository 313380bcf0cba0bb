import Foundation
import MeshCore
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct MeshMetricsTests {
    private let backend = RecordingMetrics()

    private func status(_ peers: [AgentStatus.Peer]) -> AgentStatus {
        AgentStatus(
            cluster: "athens", clusterID: 1, isInitialStateComplete: true, storeID: 1, revision: 1, peers: peers)
    }

    private func peer(_ name: String, isCurrent: Bool = true) -> AgentStatus.Peer {
        AgentStatus.Peer(cluster: name, state: isCurrent ? "watching" : "disconnected", isCurrent: isCurrent)
    }

    private func made() throws -> MeshMetrics {
        MeshMetrics(of: try ClusterName("athens"), factory: backend)
    }

    private func value(_ name: String, of peer: String = "kos", _ labels: [String: String] = [:]) -> Double? {
        let all = ["cluster": "athens", "target_cluster": peer].merging(labels) { $1 }
        return backend.value(RecordingMetrics.Series(name: "mesh_remote_cluster_\(name)", labels: all))
    }

    @Test func aPeerIsToldUnderCiliumsNames() throws {
        var kos = peer("kos")
        kos.failures = 3
        kos.lastFailure = .seconds(100)
        kos.staleness = .zero
        kos.kinds = [
            .init(name: "node", count: 1), .init(name: "service", count: 2), .init(name: "identity", count: 3),
            .init(name: "ip", count: 4), .init(name: "serviceExport", count: 5),
        ]
        var metrics = try made()
        metrics.flush(status([kos]), at: 1_000_000)
        #expect(backend.gauges["mesh_remote_clusters"] == 1)
        #expect(value("readiness_status") == 1)
        #expect(value("failures") == 3)
        #expect(value("last_failure_ts") == 999_900)
        #expect(value("nodes") == 1)
        #expect(value("services") == 2)
        #expect(value("identities") == 3)
        #expect(value("endpoints") == 4)
        #expect(value("service_exports") == 5)
        #expect(value("staleness_seconds") == 0)
    }

    @Test func whatIsNotWellIsANumber() throws {
        var kos = peer("kos", isCurrent: false)
        kos.staleness = .milliseconds(2_500)
        kos.revision = 10
        kos.storeRevision = 14
        kos.lag = .milliseconds(1_500)
        kos.throttled = .seconds(7)
        kos.budget = .init(keys: 50, maximumKeys: 200, bytes: 3, maximumBytes: 4, refusals: 9)
        var metrics = try made()
        metrics.flush(status([kos]), at: 0)
        #expect(value("readiness_status") == 0)
        #expect(value("staleness_seconds") == 2.5)
        #expect(value("lag_revisions") == 4)
        #expect(value("lag_seconds") == 1.5)
        #expect(value("throttled_seconds") == 7)
        #expect(value("budget_keys_ratio") == 0.25)
        #expect(value("budget_bytes_ratio") == 0.75)
        #expect(value("budget_refusals_total") == 9)
    }

    @Test func whatHasNotBeenIsNotTold() throws {
        var metrics = try made()
        metrics.flush(status([peer("kos", isCurrent: false)]), at: 5)
        #expect(value("last_failure_ts") == nil)
        #expect(value("staleness_seconds") == nil, "never read is not fresh")
        #expect(value("budget_keys_ratio") == 0)
    }

    @Test func countersGrowByWhatHasComeSince() throws {
        var kos = peer("kos")
        var metrics = try made()
        for total: Int64 in [2, 2, 5] {
            kos.rejections.total = total
            kos.serviceExpirations = total
            kos.resyncs = [.init(cause: "compacted", count: total), .init(cause: "first", count: 1)]
            metrics.flush(status([kos]), at: 0)
        }
        #expect(value("rejected_records_total") == 5)
        #expect(value("cache_revocations") == 5)
        #expect(value("resyncs_total", ["cause": "compacted"]) == 5)
        #expect(value("resyncs_total", ["cause": "first"]) == 1)
        // Removed and added again between two looks: a new mirror counts from zero.
        kos.rejections.total = 3
        metrics.flush(status([kos]), at: 0)
        #expect(value("rejected_records_total") == 8)
    }

    @Test func aRemovedPeersSeriesEnd() throws {
        var hurup = peer("hurup")
        hurup.staleness = .zero
        hurup.lastFailure = .zero
        hurup.resyncs = [.init(cause: "compacted", count: 1)]
        var metrics = try made()
        metrics.flush(status([peer("kos"), hurup]), at: 0)
        let before = backend.alive
        metrics.flush(status([peer("kos")]), at: 0)
        let ended = before.subtracting(backend.alive)
        #expect(ended == before.filter { $0.labels["target_cluster"] == "hurup" })
        #expect(ended.count == 18, "\(ended.count)")
        #expect(backend.gauges["mesh_remote_clusters"] == 1)
        metrics.destroy()
        #expect(backend.alive.isEmpty)
    }

    @Test func thePageOnMetricsHasEveryName() throws {
        var kos = peer("kos")
        kos.staleness = .zero
        kos.lastFailure = .zero
        kos.resyncs = [.init(cause: "compacted", count: 1)]
        var metrics = try made()
        metrics.flush(status([kos]), at: 0)
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Sources/ClusterMesh/ClusterMesh.docc/Metrics.md"), encoding: .utf8)
        let names = Set(page.matches(of: #/`(mesh_(?:remote|conflicts)\w*)`/#).map { String($0.1) })
        #expect(names == Set(backend.alive.map(\.name)))
    }

    @Test func conflictsAreCountedByKind() throws {
        var contested = status([])
        contested.conflicts = .init(addresses: 3, podCIDRs: 2)
        var metrics = try made()
        metrics.flush(contested, at: 0)
        for (kind, count) in [("address", 3.0), ("pod_cidr", 2.0)] {
            let series = RecordingMetrics.Series(name: "mesh_conflicts", labels: ["cluster": "athens", "kind": kind])
            #expect(backend.value(series) == count)
        }
    }
}

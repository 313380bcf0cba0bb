internal import BenchmarkSupport
internal import ClusterMesh
internal import ClusterMeshTestKit
internal import MeshCore

/// How long changes are under way from a producer's store to whoever follows an agent's merged views.
final class ViewLatency: Sendable {
    private struct State {
        var histogram = LatencyHistogram()
        var restarts = 0
    }

    private let state = Locked(State())

    /// The latencies so far, and how often a follower was too slow and had to begin anew.
    var figures: (histogram: LatencyHistogram, restarts: Int) {
        state.withLock { ($0.histogram, $0.restarts) }
    }

    /// Follows nodes, identities and IPs until cancelled, or the agent ends.
    func follow(_ views: MergedViews) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.follow(views.nodes.changes()) { $0.new.map { .node($0) } } }
            group.addTask {
                await self.follow(views.identities.changes()) { change in
                    change.new.map { .identity(IdentityRecord(id: $0.id, labels: $0.labels)) }
                }
            }
            group.addTask { await self.follow(views.ipCache.changes()) { $0.new.map { .ip($0.record) } } }
        }
    }

    private func follow<Engine: MergeEngine>(
        _ changes: ViewChanges<Engine>, _ record: (Engine.Change) -> MeshRecord?
    ) async {
        var isFirst = true
        for await update in changes {
            let now = ChangeStamp.now
            let ages = (update.changes ?? []).compactMap { change in
                record(change).flatMap { ChangeStamp(in: $0) }?.age(at: now)
            }
            let isRestart = update.changes == nil && !isFirst
            isFirst = false
            state.withLock { state in
                for age in ages { state.histogram.record(age) }
                if isRestart { state.restarts += 1 }
            }
        }
    }
}

internal import CoreMetrics
internal import MeshCore

/// Tells a metrics backend how an agent's mirrors are doing, under Cilium's names with the prefix `mesh_`.
///
/// It is told the agent's status once in a while, and nothing per record. There are as many series as there are peers,
/// and no label that a peer chooses. A peer that is removed takes its series along. For one task.
struct MeshMetrics {
    private let factory: any MetricsFactory
    private let own: (String, String)
    private let remoteClusters: Gauge
    private let addressConflicts: Gauge
    private let podCIDRConflicts: Gauge
    private var peers: [String: PeerMetrics] = [:]

    /// Makes the metrics of the agent of a cluster.
    init(of cluster: ClusterName, factory: any MetricsFactory) {
        self.factory = factory
        own = ("cluster", cluster.rawValue)
        remoteClusters = Gauge(label: "mesh_remote_clusters", dimensions: [own], factory: factory)
        func conflicts(_ kind: String) -> Gauge {
            Gauge(
                label: "mesh_conflicts", dimensions: [("cluster", cluster.rawValue), ("kind", kind)], factory: factory)
        }
        addressConflicts = conflicts("address")
        podCIDRConflicts = conflicts("pod_cidr")
    }

    /// Tells what was seen at a moment, in seconds since 1970.
    mutating func flush(_ status: AgentStatus, at now: Double) {
        remoteClusters.record(status.peers.count)
        addressConflicts.record(status.conflicts.addresses)
        podCIDRConflicts.record(status.conflicts.podCIDRs)
        for peer in status.peers {
            var metrics =
                peers[peer.cluster] ?? PeerMetrics(labels: [own, ("target_cluster", peer.cluster)], factory)
            metrics.flush(peer, at: now)
            peers[peer.cluster] = metrics
        }
        let present = Set(status.peers.map(\.cluster))
        for (name, metrics) in peers where !present.contains(name) {
            metrics.destroy()
            peers[name] = nil
        }
    }

    /// Ends all series.
    mutating func destroy() {
        for metrics in peers.values { metrics.destroy() }
        peers = [:]
        for gauge in [remoteClusters, addressConflicts, podCIDRConflicts] { gauge.destroy() }
    }
}

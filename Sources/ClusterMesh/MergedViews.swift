internal import MeshCore
internal import MeshRecords
public import MeshViews

/// What all clusters of the mesh say, merged: the own cluster's records and those of every mirrored one.
///
/// Each view is read without waiting, as an immutable snapshot, and tells of changes that begin exactly at a snapshot.
/// What a peer said stays in the views while the peer is away, marked stale, and leaves when the peer is removed.
public struct MergedViews: Sendable {
    /// Services by namespace and name, with the backends of every cluster that shares them.
    public let services: View<GlobalServices>

    /// IP addresses and CIDRs, with the cluster, node and identity behind them.
    public let ipCache: View<IPCache>

    /// Identities by number and by label.
    public let identities: View<Identities>

    /// Nodes of all clusters.
    public let nodes: View<Nodes>

    init(local cluster: ClusterName) {
        services = View(local: cluster)
        ipCache = View(local: cluster)
        identities = View(local: cluster)
        nodes = View(local: cluster)
    }

    /// Folds in what a source of records said.
    func apply(_ updates: [RecordUpdate]) {
        guard !updates.isEmpty else { return }
        services.apply(updates)
        ipCache.apply(updates)
        identities.apply(updates)
        nodes.apply(updates)
    }

    /// Nothing will change any more: whoever waits for changes gets the end.
    func finish() {
        services.finish()
        ipCache.finish()
        identities.finish()
        nodes.finish()
    }
}

public import MeshCore
public import MeshRecords

/// What an agent shows to the cluster's own agents of the peers that it mirrors.
public struct RepublishingStatus: Hashable, Sendable {
    /// One peer.
    public struct Peer: Hashable, Sendable {
        /// What readers find of a peer.
        public enum State: String, Hashable, Sendable, CaseIterable {
            /// Its config, and its records of every kind that has its canary.
            case shown
            /// No config; its records are kept for readers that are still connected, until its grace is over.
            case leaving
            /// No config; its records are being deleted.
            case erasing
            /// Nothing: there was no room for it.
            case refused
        }

        /// The peer's name.
        public var name: ClusterName
        /// What readers find of it.
        public var state: State
        /// The kinds of records that are complete.
        public var synchronized: [RecordKind]
        /// How many of its records are held.
        public var records: Int
        /// Why it is not shown, where there is no room for it.
        public var fault: String?
    }

    /// The port that the cluster's own agents connect to.
    public var port: Int
    /// The store of the copies (etcd's `cluster_id`).
    public var storeID: UInt64
    /// The store's revision.
    public var revision: Revision
    /// How many keys it holds; ``RepublishingConfiguration/store`` has the bound.
    public var keys: Int
    /// The peers of which something is held or has to be said, by name.
    public var peers: [Peer]
}

extension Republisher {
    /// What is shown now. O(peers), never waits.
    var status: RepublishingStatus {
        let snapshot = copies.store.snapshot()
        return RepublishingStatus(
            port: server.port,
            storeID: copies.store.identity.clusterID,
            revision: snapshot.revision,
            keys: snapshot.count,
            peers: copies.decisions.sorted { $0.name < $1.name }.compactMap { cluster in
                guard let state = cluster.shownState else { return nil }
                return RepublishingStatus.Peer(
                    name: cluster.name,
                    state: state,
                    synchronized: cluster.synchronized.sorted(),
                    records: cluster.records.reduce(0) { $0 + snapshot.count(in: $1) },
                    fault: cluster.fault
                )
            }
        )
    }
}

extension RepublishedCluster {
    fileprivate var shownState: RepublishingStatus.Peer.State? {
        switch state {
        case .absent: nil
        case .shown: .shown
        case .leaving: .leaving
        case .erasing: .erasing
        case .refused: .refused
        }
    }
}

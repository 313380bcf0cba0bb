public import MeshCore
public import MeshMirror
public import MeshReplica
internal import MeshStore

/// How an agent and its peers are doing.
public struct MeshStatus: Sendable {
    /// The own cluster's name.
    public var name: ClusterName
    /// The own cluster's number.
    public var id: ClusterID
    /// The port that other clusters connect to.
    public var port: Int
    /// The own store (etcd's `cluster_id`).
    public var storeID: UInt64
    /// The own store's revision.
    public var revision: Revision
    /// Whether the own state was declared complete; before that, peers take nothing from it.
    public var isInitialStateComplete: Bool
    /// The pairs of the own store that are no valid records, since the agent was made.
    public var rejectedLocalRecords: Int
    /// The peers, by name.
    public var peers: [MirrorStatus]
    /// What is wrong with the files of ``MeshConfiguration/peersDirectory``, and which of them say nothing and why.
    public var peerFaults: [PeerFault] = []
    /// How the followed etcd's replica is doing; `nil` if the own state is not an etcd's.
    public var followed: ReplicaStatus?

    /// Whether every peer is followed and what is held of it is current.
    public var isSynchronized: Bool { peers.allSatisfy { $0.state.isCurrent } }
}

extension AgentStatus {
    /// What an agent tells other programs of its cluster.
    init(
        _ configuration: MeshConfiguration, _ reader: StoreReader, _ initialState: InitialState,
        _ mirrors: [RemoteClusterMirror]
    ) {
        self.init(
            cluster: configuration.name.rawValue,
            clusterID: configuration.id.rawValue,
            isInitialStateComplete: initialState.isComplete,
            storeID: reader.identity.clusterID,
            revision: reader.revision,
            peers: mirrors.map(\.status).map { peer in
                Peer(
                    cluster: peer.cluster.rawValue,
                    state: peer.state.rawValue,
                    isCurrent: peer.state.isCurrent,
                    revision: peer.revision,
                    lastError: peer.lastError
                )
            }
        )
    }
}

/// Peers that were not synchronised in time.
public struct SynchronizationTimeout: Error, Hashable, Sendable, CustomStringConvertible {
    /// How long it was waited.
    public var timeout: Duration

    /// The peers that are missing, each with its state and the last error.
    public var missing: [String]

    public var description: String {
        "not synchronised within \(timeout): \(missing.joined(separator: "; "))"
    }
}

public import MeshCore
public import MeshMirror
public import MeshReplica

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
    /// What several clusters claim.
    public var conflicts = MeshConflicts()
    /// When the certificate ends that the own endpoints show, in seconds since 1970; `nil` if it cannot be read.
    public var certificateExpiry: Int64?
    /// When the certificates end that are shown to the peers, in seconds since 1970.
    public var clientCertificateExpiries: [ClusterName: Int64] = [:]
    /// How the followed etcd's replica is doing; `nil` if the own state is not an etcd's.
    public var followed: ReplicaStatus?

    /// Whether every peer is followed and what is held of it is current.
    public var isSynchronized: Bool { peers.allSatisfy { $0.state.isCurrent } }
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

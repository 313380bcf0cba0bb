/// How an agent and the mirrors of its peers are doing, as it tells other programs of its own cluster.
public struct AgentStatus: Hashable, Sendable {
    /// How the mirror of one other cluster is doing.
    public struct Peer: Hashable, Sendable {
        /// The other cluster's name.
        public var cluster: String
        /// What the mirror is doing, in one word.
        public var state: String
        /// Whether what the mirror holds is the other cluster's present state.
        public var isCurrent: Bool
        /// Up to which revision the other cluster's changes are applied.
        public var revision: Revision
        /// Why the last connection ended; `nil` if there is nothing to tell.
        public var lastError: String?

        /// Makes the status of a mirror.
        public init(
            cluster: String,
            state: String,
            isCurrent: Bool,
            revision: Revision = .none,
            lastError: String? = nil
        ) {
            self.cluster = cluster
            self.state = state
            self.isCurrent = isCurrent
            self.revision = revision
            self.lastError = lastError
        }
    }

    /// The own cluster's name.
    public var cluster: String
    /// The own cluster's number.
    public var clusterID: UInt32
    /// Whether the store was declared to hold all of the cluster's records.
    public var isInitialStateComplete: Bool
    /// The store, by the `cluster_id` of its headers.
    public var storeID: UInt64
    /// The store's revision.
    public var revision: Revision
    /// The mirrors.
    public var peers: [Peer]

    /// Makes a status.
    public init(
        cluster: String,
        clusterID: UInt32,
        isInitialStateComplete: Bool,
        storeID: UInt64,
        revision: Revision,
        peers: [Peer] = []
    ) {
        self.cluster = cluster
        self.clusterID = clusterID
        self.isInitialStateComplete = isInitialStateComplete
        self.storeID = storeID
        self.revision = revision
        self.peers = peers
    }
}

/// How an agent and the mirrors of its peers are doing, as it tells other programs of its own cluster.
///
/// Times are ages or distances from the moment of asking, because clocks of different programs differ; only what
/// certificates say is a moment, in seconds since 1970.
public struct AgentStatus: Hashable, Sendable {
    /// How the copy of an etcd is doing that an agent shows instead of a store of its own.
    public struct Followed: Hashable, Sendable {
        /// What the replica is doing, in one word.
        public var state: String
        /// For how long.
        public var since: Duration
        /// The endpoint that is connected, or was tried last; empty before the first.
        public var endpoint: String
        /// How long what is shown may have been outdated; `nil` if the etcd was never followed.
        public var staleness: Duration?
        /// Why the last connection ended; `nil` if there is nothing to tell.
        public var lastError: String?

        /// Makes the status of a replica.
        public init(
            state: String, since: Duration = .zero, endpoint: String = "", staleness: Duration? = nil,
            lastError: String? = nil
        ) {
            self.state = state
            self.since = since
            self.endpoint = endpoint
            self.staleness = staleness
            self.lastError = lastError
        }
    }

    /// A peer's file that cannot be used.
    public struct PeerFault: Hashable, Sendable {
        /// The file.
        public var file: String
        /// The line, counted from 1; `nil` where the whole file is meant.
        public var line: Int64?
        /// The key in it; `nil` where none is meant.
        public var key: String?
        /// What is wrong, and what to do.
        public var message: String
        /// Whether all peers are nevertheless as they should be: something that says nothing here was passed over.
        public var isHarmless: Bool

        /// Makes a fault.
        public init(
            file: String, line: Int64? = nil, key: String? = nil, message: String, isHarmless: Bool = false
        ) {
            self.file = file
            self.line = line
            self.key = key
            self.message = message
            self.isHarmless = isHarmless
        }
    }

    /// What several clusters claim though only one can have it.
    public struct Conflicts: Hashable, Sendable {
        /// How many there are of each sort that is kept as an example at most.
        public static let maximumExamples = 16

        /// How many prefixes of addresses several clusters speak of.
        public var addresses: Int64
        /// How many pairs of pods' address ranges of different clusters overlap.
        public var podCIDRs: Int64
        /// The first of them in words: with the addresses, the clusters, and whose word counts.
        public var examples: [String]

        /// Makes a summary; without further words, there are none.
        public init(addresses: Int64 = 0, podCIDRs: Int64 = 0, examples: [String] = []) {
            self.addresses = addresses
            self.podCIDRs = podCIDRs
            self.examples = examples
        }

        /// Whether there are none.
        public var isEmpty: Bool { addresses == 0 && podCIDRs == 0 }
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
    /// When the endpoint's own certificate ends, in seconds since 1970; `nil` if that is not known.
    public var certificateExpiry: Int64?
    /// The pairs of the own store that are no valid records, since the agent was made.
    public var rejectedLocalRecords: Int64 = 0
    /// The followed etcd; `nil` for an agent with a store of its own.
    public var followed: Followed?
    /// The mirrors, by name.
    public var peers: [Peer]
    /// The peers' files that cannot be used.
    public var peerFaults: [PeerFault] = []
    /// What several clusters claim.
    public var conflicts = Conflicts()

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

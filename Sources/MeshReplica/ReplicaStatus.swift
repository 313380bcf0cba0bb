public import MeshClient
public import MeshCore

/// How a replica is doing.
public struct ReplicaStatus: Hashable, Sendable {
    /// What it is doing.
    public var state: ReplicaState
    /// When it began doing so.
    public var since: ContinuousClock.Instant
    /// The endpoint that is connected, or was tried last.
    public var endpoint: EtcdEndpoint?
    /// The etcd cluster that is followed (its `cluster_id`); `nil` before the first answer.
    public var clusterID: UInt64?
    /// Whether the store holds the etcd's content, be it outdated: true from the first list on.
    public var isListed = false
    /// Up to which revision the store is told everything.
    public var revision: Revision = .none
    /// The number of keys that the store holds.
    public var keys = 0
    /// How long what the store holds may have been outdated: zero while it follows, `nil` if it never did.
    public var staleness: Duration?
    /// Why the last connection ended; `nil` if none did, or the etcd is followed again.
    public var lastError: String?
    /// How many connections were tried.
    public var connections = 0
    /// How often the etcd was followed on a new connection.
    public var synchronisations = 0
    /// How often the store was reset after the first list, by what the listing found to be its cause. Each time all
    /// watches of the store ended.
    public var resets: [ListingCause: Int] = [:]
    /// What the last listing found; `nil` before the first.
    public var lastListing: ListingSummary?
    /// The reads that wait to be confirmed as fresh.
    public var waitingReads = 0
    /// How many linearizable reads were sent to the etcd to confirm them.
    public var confirmations = 0
}

/// A replica that can't run.
public struct ReplicaRunError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why.
    public var message: String

    public var description: String { message }
}

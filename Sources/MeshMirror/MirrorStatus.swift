public import MeshClient
public import MeshCore

/// How many records of each kind a mirror holds.
public struct RecordCounts: Hashable, Sendable {
    public var nodes = 0
    public var services = 0
    public var identities = 0
    public var ips = 0
    public var serviceExports = 0

    /// All of them.
    public var total: Int { nodes + services + identities + ips + serviceExports }
}

/// How many records came, became another and went.
public struct ChangeCounts: Hashable, Sendable {
    public var added = 0
    public var changed = 0
    public var removed = 0

    /// Whether nothing changed.
    public var isEmpty: Bool { self == ChangeCounts() }
}

/// A pair that a mirror refused to take for a record.
public struct Rejection: Hashable, Sendable {
    /// The pair's key.
    public var key: Key
    /// The revision that wrote it.
    public var revision: Revision
    /// Why it was refused, in words for an operator.
    public var reason: String
}

/// What a mirror refused to take for records.
public struct RejectionSummary: Hashable, Sendable {
    /// How many pairs were refused since the mirror was made, each version of a key counted.
    public var total = 0
    /// How many of the peer's keys have a refused value now.
    public var current = 0
    /// The latest of them, the newest last; at most ``maximumExamples``.
    public var examples: [Rejection] = []

    /// How many examples are kept.
    public static let maximumExamples = 16
}

/// What reading a peer's state again found.
public struct ResyncResult: Hashable, Sendable {
    /// Why ranges were listed, each cause once; empty if every range could go on where it was.
    public var causes: Set<ListingCause>
    /// What changed between what the mirror held and what it found.
    public var changes: ChangeCounts
    /// How long it took.
    public var duration: Duration
}

/// How a mirror is doing.
public struct MirrorStatus: Hashable, Sendable {
    /// The peer's name.
    public var cluster: ClusterName
    /// The peer's number.
    public var id: ClusterID
    /// What the mirror is doing.
    public var state: MirrorState
    /// When it began doing so.
    public var since: ContinuousClock.Instant
    /// The endpoint that is connected, or was tried last.
    public var endpoint: EtcdEndpoint?
    /// The store behind it (etcd's `cluster_id`); `nil` before the first answer.
    public var storeID: UInt64?
    /// Why the last connection ended; `nil` if none did, or the peer is synchronised again.
    public var lastError: String?
    /// How many connections were tried.
    public var connections = 0
    /// How often the peer became synchronised on a new connection.
    public var synchronisations = 0
    /// Up to which revision the peer's changes are applied.
    public var revision: Revision = .none
    /// The greatest revision that the peer told of.
    public var storeRevision: Revision = .none
    /// How long what the mirror holds may have been out of date: zero while it is current, `nil` if it never was.
    public var staleness: Duration?
    /// What the mirror holds.
    public var counts = RecordCounts()
    /// What it holds although the peer replaced it by something that was refused (see ``MirrorRecord/isOutdated``).
    public var outdated = 0
    /// What it refused.
    public var rejections = RejectionSummary()
    /// The keys taken from the peer, refused ones included.
    public var keys = 0
    /// The bytes of their encoded pairs.
    public var bytes = 0
    /// How often the budget refused a key or a change; see ``MirrorConfiguration/maximumKeys``.
    public var budgetRefusals = 0
    /// For how long in all nothing was read because the peer sent too much; see ``MirrorConfiguration/steadyRate``.
    public var throttledFor: Duration = .zero
    /// How often ranges were listed again after the first time, by cause.
    public var resyncs: [ListingCause: Int] = [:]
    /// What the last synchronisation found; `nil` before the first.
    public var lastResync: ResyncResult?
    /// What changed since the present, or else the last, connection was made.
    public var changesOnConnection = ChangeCounts()

    /// By how many revisions the mirror is known to be behind.
    public var lag: Int64 { max(0, storeRevision.rawValue - revision.rawValue) }
}

public import MeshClient
public import MeshCore
public import MeshRecords

/// How many records of each kind a mirror holds.
public struct RecordCounts: Hashable, Sendable {
    public var nodes = 0
    public var services = 0
    public var identities = 0
    public var ips = 0
    public var serviceExports = 0

    /// Those of one kind.
    public subscript(kind: RecordKind) -> Int {
        switch kind {
        case .node: nodes
        case .service: services
        case .identity: identities
        case .ip: ips
        case .serviceExport: serviceExports
        }
    }

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

/// How one of a peer's endpoints did.
public struct EndpointStatus: Hashable, Sendable {
    /// The endpoint.
    public var endpoint: EtcdEndpoint
    /// How often it was tried.
    public var attempts = 0
    /// When it was tried last; `nil`: never.
    public var lastAttempt: ContinuousClock.Instant?
    /// Why its last connection ended; `nil` if none did, or the peer is synchronised over it.
    public var lastError: String?

    /// An endpoint that was not tried yet.
    public init(_ endpoint: EtcdEndpoint) {
        self.endpoint = endpoint
    }
}

/// How one kind of a peer's records is followed.
public struct KindStatus: Hashable, Sendable {
    /// Whether the peer exports the kind, so that it is followed; false before the peer was identified.
    public var isFollowed = false
    /// Whether it waits for the peer to say, by a canary, that the kind is written completely.
    public var isAwaitingCanary = false
    /// Whether all records of the kind were read on the present connection, and are followed.
    public var isSynced = false
    /// How many records are held.
    public var count = 0
}

/// How a mirror is doing.
public struct MirrorStatus: Hashable, Sendable {
    /// The peer's name.
    public var cluster: ClusterName
    /// The peer's number: the one that it was identified with, before that the one that it must have; `nil` if neither
    /// is known.
    public var id: ClusterID?
    /// What the mirror is doing.
    public var state: MirrorState
    /// When it began doing so.
    public var since: ContinuousClock.Instant
    /// When the next connection is tried; `nil` while one is there or tried, and when none will be.
    public var nextAttempt: ContinuousClock.Instant?
    /// The peer's endpoints, in the order in which they were given.
    public var endpoints: [EndpointStatus] = []
    /// The endpoint that is connected, or was tried last.
    public var endpoint: EtcdEndpoint?
    /// The store behind it (etcd's `cluster_id`); `nil` before the first answer.
    public var storeID: UInt64?
    /// Who the server was at the last handshake, with the end of its certificate; `nil` before the first answer.
    public var serverIdentity: PeerIdentity?
    /// What the peer says of itself; `nil` before it was identified, and where it says nothing.
    public var config: ClusterConfig?
    /// The kinds of records, each with how it is followed.
    public var kinds: [RecordKind: KindStatus] = [:]
    /// What the peer exports in ways that are not supported, in words for an operator; empty if nothing.
    public var unsupported: [String] = []
    /// How many connections ended by a fault of the peer's or of the way to it.
    public var failures = 0
    /// When the last of them did.
    public var lastFailure: ContinuousClock.Instant?
    /// How long ago the peer's heartbeat was seen last, by the own clock; `nil`: never.
    public var heartbeatAge: Duration?
    /// How often services were withdrawn because the peer was away for too long; see
    /// ``MirrorConfiguration/serviceTimeToLive``.
    public var serviceExpirations = 0
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
    /// For how long ``storeRevision`` has been ahead of ``revision``; zero while it is not.
    public var lagTime: Duration = .zero
    /// How long what the mirror holds may have been out of date: zero while it is current, `nil` if it never was.
    public var staleness: Duration?
    /// What the mirror holds.
    public var counts = RecordCounts()
    /// What it holds although the peer replaced it by something that was refused (see ``MirrorRecord/isOutdated``).
    public var outdated = 0
    /// What it refused.
    public var rejections = RejectionSummary()
    /// The keys of records taken from the peer, refused ones included.
    public var keys = 0
    /// The bytes of their encoded pairs.
    public var bytes = 0
    /// The most keys that are taken from the peer.
    public internal(set) var maximumKeys = 0
    /// The most bytes of encoded pairs that are taken from the peer.
    public internal(set) var maximumBytes = 0
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

    /// ``lagTime`` in seconds.
    public var lagSeconds: Double { lagTime / .seconds(1) }
}

/// A wish for a lease.
public struct LeaseGrantRequest: Hashable, Sendable {
    /// How long the lease is wanted to live without being kept alive, in seconds. A store grants at least its own
    /// minimum, for zero and less too.
    public var ttl: Int64

    /// The number it is wanted to have; ``LeaseID/none`` leaves that to the store. Negative numbers are as good as
    /// others.
    public var id: LeaseID

    /// A wish for a lease of `ttl` seconds.
    public init(ttl: Int64, id: LeaseID = .none) {
        self.ttl = ttl
        self.id = id
    }
}

/// The answer to a ``LeaseGrantRequest``.
public struct LeaseGrantAnswer: Hashable, Sendable {
    /// The store's revision.
    public var revision: Revision
    /// The new lease.
    public var id: LeaseID
    /// How long it lives without being kept alive, in seconds.
    public var ttl: Int64

    /// Makes an answer.
    public init(revision: Revision, id: LeaseID, ttl: Int64) {
        self.revision = revision
        self.id = id
        self.ttl = ttl
    }
}

/// The answer to keeping a lease alive.
public struct LeaseKeepAliveAnswer: Hashable, Sendable {
    /// The store's revision.
    public var revision: Revision
    /// The lease that was asked about.
    public var id: LeaseID
    /// How long it lives from now on without being kept alive again, in seconds; 0 if there is no such lease.
    public var ttl: Int64

    /// Makes an answer.
    public init(revision: Revision, id: LeaseID, ttl: Int64) {
        self.revision = revision
        self.id = id
        self.ttl = ttl
    }
}

/// What is left of a lease.
public struct LeaseTimeToLiveAnswer: Hashable, Sendable {
    /// The store's revision.
    public var revision: Revision
    /// The lease that was asked about.
    public var id: LeaseID
    /// The whole seconds it has left; -1 if there is no such lease.
    public var ttl: Int64
    /// How many seconds it was granted; 0 if there is no such lease.
    public var grantedTTL: Int64
    /// The keys attached to it in their order, where they were asked for.
    public var keys: [Key]

    /// Makes an answer.
    public init(revision: Revision, id: LeaseID, ttl: Int64, grantedTTL: Int64 = 0, keys: [Key] = []) {
        self.revision = revision
        self.id = id
        self.ttl = ttl
        self.grantedTTL = grantedTTL
        self.keys = keys
    }
}

/// The leases of a store.
public struct LeaseListAnswer: Hashable, Sendable {
    /// The store's revision.
    public var revision: Revision
    /// The leases; the one that has the least time left comes first.
    public var leases: [LeaseID]

    /// Makes an answer.
    public init(revision: Revision, leases: [LeaseID]) {
        self.revision = revision
        self.leases = leases
    }
}

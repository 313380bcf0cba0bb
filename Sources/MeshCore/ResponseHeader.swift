/// What etcd puts at the head of each answer and each message of a stream.
public struct ResponseHeader: Hashable, Sendable {
    /// The store: changes when the store is created anew.
    public var clusterID: UInt64

    /// The server process that answered.
    public var memberID: UInt64

    /// The store's revision; on a watch message, the last revision that is complete in it.
    public var revision: Revision

    /// The term of the store's consensus; 1 where there is none.
    public var raftTerm: UInt64

    /// Makes a header.
    public init(clusterID: UInt64, memberID: UInt64, revision: Revision, raftTerm: UInt64) {
        self.clusterID = clusterID
        self.memberID = memberID
        self.revision = revision
        self.raftTerm = raftTerm
    }
}

/// Which store this is, as etcd's headers tell it. Both numbers are never zero.
public struct StoreIdentity: Hashable, Sendable {
    /// The store; a store that starts empty has a new one.
    public var clusterID: UInt64

    /// The member that answers.
    public var memberID: UInt64

    /// Makes an identity of two numbers.
    ///
    /// - Precondition: both are greater than zero, as clients take zero for "no header".
    public init(clusterID: UInt64, memberID: UInt64) {
        precondition(clusterID != 0 && memberID != 0, "a store's identity has no zero in it")
        self.clusterID = clusterID
        self.memberID = memberID
    }

    /// A new identity for a new store.
    public static func random() -> StoreIdentity {
        StoreIdentity(clusterID: .random(in: 1...UInt64.max), memberID: .random(in: 1...UInt64.max))
    }
}

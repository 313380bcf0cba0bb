/// A number that two stores share if they hold the same pairs, as etcd's HashKV answers it.
public struct StoreHash: Hashable, Sendable {
    /// The store's revision.
    public var revision: Revision
    /// The hash. It can be compared between stores of this kind only, not with etcd's.
    public var hash: UInt32
    /// The compacted revision; -1 if nothing was ever compacted, as etcd has it.
    public var compactRevision: Revision
    /// The revision whose pairs were hashed.
    public var hashRevision: Revision

    /// Makes an answer.
    public init(revision: Revision, hash: UInt32, compactRevision: Revision, hashRevision: Revision) {
        self.revision = revision
        self.hash = hash
        self.compactRevision = compactRevision
        self.hashRevision = hashRevision
    }
}

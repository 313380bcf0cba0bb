/// The bounds of a store.
public struct KVStoreConfiguration: Hashable, Sendable {
    /// The most bytes of one write as etcd encodes it for its log: the message and 14 to 18 bytes around it; above it
    /// the write is refused with etcd's `request is too large`. In `KVStore.transaction`, keys and values alone count.
    /// A key or a value has no bound of its own. At least 1; the default is etcd's, 1.5 MiB (1,572,864).
    public var maximumRequestBytes = 1_572_864

    /// The most conditions, or operations in one branch, of a transaction; a nested one has what its parent leaves over.
    /// At least 1; the default is etcd's, 128.
    public var maximumTransactionOperations = 128

    /// The most live keys; a write that may pass it is refused with etcd's `database space exceeded`, deletions are not.
    /// At least 0; the default is 10,000,000.
    public var maximumKeys = 10_000_000

    /// The most bytes of live pairs as they are encoded; a write that may pass it is refused with etcd's
    /// `database space exceeded`, deletions are not. What history keeps beside them has a bound of its own
    /// (``maximumHistoryBytes``), so that there is room again as soon as keys are deleted. At least 0; the default is
    /// etcd's, 2 GiB.
    public var maximumBytes = 2_147_483_648

    /// The most changes that history keeps; over it, the oldest revisions are compacted. The last revision is always
    /// kept, whatever its size. At least 0; the default is 500,000.
    public var maximumHistoryChanges = 500_000

    /// The most bytes of encoded pairs that history keeps; over it, the oldest revisions are compacted. The last
    /// revision is always kept, whatever its size. At least 0; the default is 256 MiB.
    public var maximumHistoryBytes = 268_435_456

    /// How many revisions before the present one can be read at most; the older ones are compacted, some at a time.
    /// At least 0; the default is `nil`, no bound beside those of changes, bytes and age.
    public var maximumHistoryRevisions: Int?

    /// How long a revision that is no longer the present one can be read and watched from at least, as far as the other
    /// bounds allow; about a hundredth later it is compacted, if `KVStore.run()` runs. `nil` means no bound. At least a
    /// second; the default is an hour, as Cilium sets etcd up.
    public var maximumHistoryAge: Duration? = .seconds(3_600)

    /// How many old revisions are kept as whole snapshots because a read with a limit was answered from them, so that
    /// its next pages cost as little as the first. At least 0; the default is 8.
    public var maximumPagedSnapshots = 8

    /// The most leases at a time; above it, a further one is refused with etcd's `database space exceeded`. At least 0;
    /// the default is 100,000.
    public var maximumLeases = 100_000

    /// The shortest time to live that a lease is granted, in seconds; a shorter one is lengthened to it. At least 1; the
    /// default is what etcd has with its default timing, 2.
    public var minimumLeaseTTL: Int64 = 2

    /// How often `KVStore.run()` looks whether the time of a lease is over, or history too old. At least a millisecond;
    /// the default is etcd's, half a second.
    public var maintenancePeriod = Duration.milliseconds(500)

    /// The defaults.
    public init() {}
}

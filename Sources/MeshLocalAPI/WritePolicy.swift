public import MeshCore
public import MeshWatcher

/// Who may write on a local listener, and which keys.
///
/// A writer may write, delete and compact, grant and revoke leases, and read everything: a transaction compares and reads
/// what it likes. Nobody else may change anything.
public struct WritePolicy: Hashable, Sendable {
    /// Whose certificates may write.
    public var writers: [AccessRole.Match]

    /// The keys that they may write.
    public var writable: KeyRangeSet

    /// A policy of these writers and keys, and no others.
    public init(writers: [AccessRole.Match], writable: KeyRangeSet) {
        self.writers = writers
        self.writable = writable
    }

    /// The policy of the cluster `cluster`: `admin-<cluster>` (Cilium's name for it) writes every key that is not
    /// another cluster's.
    ///
    /// - Parameters:
    ///   - writers: who may write instead of `admin-<cluster>`.
    ///   - allowsCacheWrites: whether also what belongs to other clusters may be written (`cilium/cache/`, their keys
    ///     under `cilium/cluster-config/` and `cilium/synced/`): for a KVStoreMesh, which copies their state to where
    ///     the cluster's own agents read it. Other clusters can read none of it.
    public static func cilium(
        cluster: ClusterName,
        writers: [AccessRole.Match]? = nil,
        allowsCacheWrites: Bool = false
    ) -> WritePolicy {
        WritePolicy(
            writers: writers ?? [.commonName("admin-\(cluster)")],
            writable: allowsCacheWrites ? KeyRangeSet([.all]) : ownKeys(of: cluster)
        )
    }

    /// The prefixes under which clusters' keys lie side by side, in the order of the keys.
    private static let shared: [Key] = ["cilium/cache/", "cilium/cluster-config/", "cilium/synced/"]

    /// All keys but those under the shared prefixes, and there the cluster's own.
    private static func ownKeys(of cluster: ClusterName) -> KeyRangeSet {
        var ranges: [KeyRange] = [
            .key(Key("cilium/cluster-config/\(cluster)")),
            .prefix(Key("cilium/synced/\(cluster)/")),
        ]
        var start = KeyRange.all.lower
        for prefix in shared {
            ranges.append(.interval(start, prefix))
            start = prefix.endOfPrefix ?? prefix
        }
        ranges.append(.from(start))
        return KeyRangeSet(ranges)
    }

    /// Whether the holder of a certificate with this identity may write.
    public func allows(_ peer: PeerIdentity) -> Bool {
        writers.contains { $0.matches(peer) }
    }
}

public import MeshCore

/// Who may read which keys: a certificate's identity gives roles, a role gives ranges.
///
/// A read or a watch is allowed when its whole range lies in the union of the ranges of its peer's roles; this is
/// decided once, when it begins, as etcd does, and events are not filtered by it. A peer without a role may read
/// nothing. Nobody may write, whatever the policy says.
public struct AccessPolicy: Hashable, Sendable {
    /// The roles.
    public var roles: [AccessRole]

    /// A policy of these roles and no others.
    public init(roles: [AccessRole]) {
        self.roles = roles
    }

    /// Cilium's policy for the cluster `cluster`, and more roles.
    ///
    /// Other clusters (``AccessRole/Match/remoteCluster``) read this cluster's own state, its configuration, its
    /// canaries and the heartbeat, but nothing that it caches of third clusters. The cluster's own readers
    /// (`local-<cluster>`) read that cache, and configuration and canaries of all clusters.
    ///
    /// - Parameters:
    ///   - cluster: The cluster whose state is read.
    ///   - admitted: The other clusters that may read it, each by a certificate `remote-<name>`; `nil`, which is
    ///     Cilium's way, admits `remote` and every `remote-<name>`.
    ///   - roles: Who may read besides.
    public static func cilium(
        cluster: ClusterName, admitting admitted: [ClusterName]? = nil, adding roles: [AccessRole] = []
    ) -> AccessPolicy {
        let heartbeat = KeyRange.prefix("cilium/.heartbeat")
        let own: [KeyRange] = [
            heartbeat,
            .prefix("cilium/state/"),
            .key(Key("cilium/cluster-config/\(cluster)")),
            .prefix(Key("cilium/synced/\(cluster)/")),
        ]
        let cached: [KeyRange] = [
            heartbeat, .prefix("cilium/cache/"), .prefix("cilium/cluster-config/"), .prefix("cilium/synced/"),
        ]
        let others = admitted?.map { AccessRole.Match.commonName("remote-\($0)") } ?? [.remoteCluster]
        var all = others.map { AccessRole($0, mayRead: own) }
        all.append(AccessRole(.commonName("local-\(cluster)"), mayRead: cached))
        return AccessPolicy(roles: all + roles)
    }

    /// The keys that the holder of a certificate with this identity may read.
    public func readableKeys(for peer: PeerIdentity) -> KeyRangeSet {
        KeyRangeSet(roles.filter { $0.match.matches(peer) }.flatMap(\.readable.ranges))
    }
}

public import MeshCore

/// A role: whose certificates have it, and which keys it may read.
public struct AccessRole: Hashable, Sendable {
    /// What a certificate must say for its holder to have a role.
    public struct Match: Hashable, Sendable {
        private enum Rule: Hashable, Sendable {
            case commonName(String)
            case dnsName(String)
            case uri(String)
            case remoteCluster
        }

        private let rule: Rule

        /// The subject's common name is exactly `name`.
        public static func commonName(_ name: String) -> Match { Match(rule: .commonName(name)) }

        /// One of the DNS names among the alternative names is exactly `name`.
        public static func dnsName(_ name: String) -> Match { Match(rule: .dnsName(name)) }

        /// One of the URIs among the alternative names is exactly `uri`.
        public static func uri(_ uri: String) -> Match { Match(rule: .uri(uri)) }

        /// The common name is `remote`, or `remote-<name>` with the name of a cluster: the two names that Cilium
        /// gives to the certificates with which clusters read each other.
        public static var remoteCluster: Match { Match(rule: .remoteCluster) }

        /// Whether the holder of a certificate with this identity matches.
        public func matches(_ peer: PeerIdentity) -> Bool {
            switch rule {
            case .commonName(let name):
                return peer.commonName == name
            case .dnsName(let name):
                return peer.dnsNames.contains(name)
            case .uri(let uri):
                return peer.uris.contains(uri)
            case .remoteCluster:
                guard let name = peer.commonName else { return false }
                if name == "remote" { return true }
                guard name.hasPrefix("remote-") else { return false }
                return (try? ClusterName(name.dropFirst("remote-".count))) != nil
            }
        }
    }

    /// Who has the role.
    public var match: Match

    /// The keys that the role may read.
    public var readable: KeyRangeSet

    /// Makes a role.
    public init(_ match: Match, mayRead readable: some Sequence<KeyRange>) {
        self.match = match
        self.readable = KeyRangeSet(readable)
    }
}

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
    public static func cilium(cluster: ClusterName, adding roles: [AccessRole] = []) -> AccessPolicy {
        let heartbeat = KeyRange.prefix("cilium/.heartbeat")
        return AccessPolicy(
            roles: [
                AccessRole(
                    .remoteCluster,
                    mayRead: [
                        heartbeat,
                        .prefix("cilium/state/"),
                        .key(Key("cilium/cluster-config/\(cluster)")),
                        .prefix(Key("cilium/synced/\(cluster)/")),
                    ]
                ),
                AccessRole(
                    .commonName("local-\(cluster)"),
                    mayRead: [
                        heartbeat,
                        .prefix("cilium/cache/"),
                        .prefix("cilium/cluster-config/"),
                        .prefix("cilium/synced/"),
                    ]
                ),
            ] + roles
        )
    }

    /// The keys that the holder of a certificate with this identity may read.
    public func readableKeys(for peer: PeerIdentity) -> KeyRangeSet {
        KeyRangeSet(roles.filter { $0.match.matches(peer) }.flatMap(\.readable.ranges))
    }
}

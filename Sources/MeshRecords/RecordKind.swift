public import MeshCore

/// The kinds of records that clusters share.
public enum RecordKind: String, Hashable, Comparable, Sendable, CaseIterable {
    /// A node, by its name.
    case node
    /// A service, by namespace and name.
    case service
    /// A security identity, by its number.
    case identity
    /// What stands behind an IP address or CIDR.
    case ip

    /// The part of a key that names the kind, with the version of its layout.
    private var path: String {
        switch self {
        case .node: "nodes/v1"
        case .service: "services/v1"
        case .identity: "identities/v1"
        case .ip: "ip/v1"
        }
    }

    /// The prefix that canaries name, without a slash at its end, for example `cilium/state/ip/v1`.
    public var basePrefix: String { "cilium/state/" + path }

    /// The prefix of the kind's records of every cluster, with its slash.
    ///
    /// Identities lie under `…/id/`, IPs under `…/default/`; what else Cilium keeps below ``basePrefix`` (an
    /// identity's value keys, its locks) is no record.
    public var prefix: Key {
        switch self {
        case .node, .service: Key(basePrefix + "/")
        case .identity: Key(basePrefix + "/id/")
        case .ip: Key(basePrefix + "/default/")
        }
    }

    /// The prefix of one cluster's records, with its slash.
    ///
    /// For identities and IPs it is ``prefix``: under `cilium/state/` their keys do not name the cluster.
    public func prefix(of cluster: ClusterName) -> Key {
        switch self {
        case .node, .service: Key(basePrefix + "/\(cluster)/")
        case .identity, .ip: prefix
        }
    }

    public static func < (left: RecordKind, right: RecordKind) -> Bool { left.rawValue < right.rawValue }
}

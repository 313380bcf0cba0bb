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
    /// A service that is exported by the multi-cluster services API (MCS), by namespace and name.
    case serviceExport

    /// The part of a key that names the kind, with the version of its layout.
    private var path: String {
        switch self {
        case .node: "nodes/v1"
        case .service: "services/v1"
        case .identity: "identities/v1"
        case .ip: "ip/v1"
        case .serviceExport: "serviceexports/v1"
        }
    }

    /// The prefix that canaries name, without a slash at its end, for example `cilium/state/ip/v1` or, where another
    /// cluster keeps a copy, `cilium/cache/ip/v1`.
    public func basePrefix(in layout: RecordLayout = .own) -> String { layout.root + path }

    /// The prefix of the kind's records of every cluster, with its slash.
    ///
    /// A cluster's own identities lie under `…/id/`, its IPs under `…/default/`; what else Cilium keeps below
    /// ``basePrefix(in:)`` (an identity's value keys, its locks) is no record.
    public func prefix(in layout: RecordLayout = .own) -> Key {
        let base = basePrefix(in: layout)
        switch (self, layout) {
        case (.identity, .own): return Key(base + "/id/")
        case (.ip, .own): return Key(base + "/default/")
        case (.node, _), (.service, _), (.serviceExport, _), (.identity, .cached), (.ip, .cached):
            return Key(base + "/")
        }
    }

    /// The prefix of one cluster's records, with its slash.
    ///
    /// For a cluster's own identities and IPs it is ``prefix(in:)``: under `cilium/state/` their keys do not name the
    /// cluster. Under `cilium/cache/` all do: `cilium/cache/identities/v1/<cluster>/id/`, `cilium/cache/ip/v1/<cluster>/`.
    public func prefix(of cluster: ClusterName, in layout: RecordLayout = .own) -> Key {
        let base = basePrefix(in: layout)
        switch (self, layout) {
        case (.identity, .own), (.ip, .own): return prefix(in: layout)
        case (.identity, .cached): return Key(base + "/\(cluster)/id/")
        case (.node, _), (.service, _), (.serviceExport, _), (.ip, .cached): return Key(base + "/\(cluster)/")
        }
    }

    public static func < (left: RecordKind, right: RecordKind) -> Bool { left.rawValue < right.rawValue }
}

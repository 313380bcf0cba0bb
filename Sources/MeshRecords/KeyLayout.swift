public import MeshCore

/// The keys of a cluster's state, as Cilium lays them out.
///
/// | Key | Meaning |
/// | --- | --- |
/// | `cilium/.heartbeat` | rewritten every 60 s while the writer is alive |
/// | `cilium/cluster-config/<cluster>` | ``ClusterConfig`` |
/// | `cilium/synced/<cluster>/cilium/state/nodes/v1` | the canary of a prefix: its first sync is complete |
/// | `cilium/state/nodes/v1/<cluster>/<node>` | ``NodeRecord`` |
/// | `cilium/state/services/v1/<cluster>/<namespace>/<name>` | ``ServiceRecord`` |
/// | `cilium/state/identities/v1/id/<number>` | ``IdentityRecord`` |
/// | `cilium/state/ip/v1/default/<address>[/<bits>]` | ``IPRecord`` |
/// | `cilium/state/serviceexports/v1/<cluster>/<namespace>/<name>` | ``ServiceExportRecord`` |
///
/// Where a cluster keeps copies of other clusters' records, these lie under `cilium/cache/` instead of `cilium/state/`,
/// and all of their keys name the owner: `cilium/cache/identities/v1/<cluster>/id/<number>`,
/// `cilium/cache/ip/v1/<cluster>/<address>[/<bits>]`, the others as above. Their canaries name the base prefix there
/// (`cilium/synced/<cluster>/cilium/cache/nodes/v1`).
public enum KeyLayout {
    /// The key that a living writer rewrites every 60 s.
    public static let heartbeat: Key = "cilium/.heartbeat"

    /// The prefix of all state that a cluster owns.
    public static let state: Key = "cilium/state/"

    /// The prefix of all copies of other clusters' state.
    public static let cache: Key = "cilium/cache/"

    /// The prefix of all cluster configs.
    public static let clusterConfigs: Key = "cilium/cluster-config/"

    /// The key of a cluster's config.
    public static func clusterConfig(of cluster: ClusterName) -> Key { Key("cilium/cluster-config/\(cluster)") }

    /// The prefix of a cluster's canaries.
    public static func canaries(of cluster: ClusterName) -> Key { Key("cilium/synced/\(cluster)/") }

    /// The key that says that all records of `kind` of `cluster` were written at least once.
    public static func canary(of cluster: ClusterName, for kind: RecordKind, in layout: RecordLayout = .own) -> Key {
        Key("cilium/synced/\(cluster)/\(kind.basePrefix(in: layout))")
    }
}

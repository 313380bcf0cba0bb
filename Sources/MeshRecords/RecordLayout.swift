/// Where a cluster's records lie in a store.
public enum RecordLayout: Hashable, Sendable, CaseIterable {
    /// Under `cilium/state/`, in the store of the cluster that owns them.
    case own
    /// Under `cilium/cache/`, in the store of another cluster that copied them. Every key names the owner.
    case cached

    /// What the keys of all records begin with.
    var root: String {
        switch self {
        case .own: "cilium/state/"
        case .cached: "cilium/cache/"
        }
    }
}

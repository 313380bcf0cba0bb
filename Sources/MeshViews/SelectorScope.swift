/// Which clusters a selector means that says nothing of clusters.
public enum SelectorScope: Hashable, Sendable, CaseIterable {
    /// The local one: a policy that was written for one cluster means no more once others are connected.
    case localCluster
    /// All of them.
    case allClusters
}

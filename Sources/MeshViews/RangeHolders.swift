internal import HashTreeCollections
internal import MeshCore

/// The nodes that have the same pod range: one, in a mesh that is well.
enum RangeHolders: Hashable, Sendable {
    case none
    case one(ClusterName, String)
    /// Two nodes or more.
    case several(TreeDictionary<ClusterName, TreeSet<String>>)

    var isEmpty: Bool {
        switch self {
        case .none: true
        case .one, .several: false
        }
    }

    /// The cluster of all the nodes; `nil` if there are several clusters, or no node.
    var owner: ClusterName? {
        switch self {
        case .none: nil
        case .one(let cluster, _): cluster
        case .several(let nodes): nodes.count == 1 ? nodes.first?.key : nil
        }
    }

    /// The first node by cluster and name, of another cluster than this one if one is named.
    func first(notOf other: ClusterName? = nil) -> (cluster: ClusterName, node: String)? {
        switch self {
        case .none: return nil
        case .one(let cluster, let node): return cluster == other ? nil : (cluster, node)
        case .several(let nodes):
            guard let cluster = nodes.keys.filter({ $0 != other }).min() else { return nil }
            return nodes[cluster]?.min().map { (cluster, $0) }
        }
    }

    func inserting(_ cluster: ClusterName, _ node: String) -> RangeHolders {
        switch self {
        case .none: return .one(cluster, node)
        case .one(cluster, node): return self
        case .one(let otherCluster, let otherNode):
            var nodes: TreeDictionary<ClusterName, TreeSet<String>> = [otherCluster: [otherNode]]
            nodes[cluster, default: []].insert(node)
            return .several(nodes)
        case .several(var nodes):
            nodes[cluster, default: []].insert(node)
            return .several(nodes)
        }
    }

    func removing(_ cluster: ClusterName, _ node: String) -> RangeHolders {
        switch self {
        case .none: return .none
        case .one(cluster, node): return .none
        case .one: return self
        case .several(var nodes):
            nodes[cluster]?.remove(node)
            if nodes[cluster]?.isEmpty == true { nodes[cluster] = nil }
            guard nodes.count == 1, let (cluster, names) = nodes.first, names.count == 1, let name = names.first
            else { return .several(nodes) }
            return .one(cluster, name)
        }
    }
}

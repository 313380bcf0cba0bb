internal import HashTreeCollections
public import MeshCore
public import MeshRecords

/// The nodes of all clusters. A node is named by cluster and name: nodes of different clusters never meet.
public struct Nodes: MergeEngine {
    /// A node that appeared, changed or vanished.
    public struct Change: Hashable, Sendable {
        /// The node's cluster.
        public var cluster: ClusterName
        /// Its name.
        public var name: String
        /// The node before; `nil` if there was none.
        public var old: NodeRecord?
        /// The node now; `nil` if it is gone.
        public var new: NodeRecord?
    }

    public private(set) var clusters = ClusterMarks()
    private var nodes: TreeDictionary<ClusterName, TreeDictionary<String, NodeRecord>> = [:]

    public init(local: ClusterName) {}

    /// The number of nodes of all clusters.
    public var count: Int { nodes.values.reduce(0) { $0 + $1.count } }

    /// A cluster's node. O(1).
    public subscript(cluster: ClusterName, name: String) -> NodeRecord? { nodes[cluster]?[name] }

    /// All nodes, in the order of cluster and name. O(n log n).
    public var all: [(cluster: ClusterName, node: NodeRecord)] {
        nodes.keys.sorted().flatMap { cluster in nodes(of: cluster).map { (cluster, $0) } }
    }

    /// A cluster's nodes, in the order of their names. O(n log n).
    public func nodes(of cluster: ClusterName) -> [NodeRecord] {
        (nodes[cluster] ?? [:]).values.sorted { $0.name < $1.name }
    }

    public mutating func apply(_ update: RecordUpdate, report: (Change) -> Void) {
        switch update {
        case .changed(let change):
            guard case .node(let name) = change.key else { return }
            var new: NodeRecord?
            if case .node(let node)? = change.new { new = node }
            set(new, change.cluster, name, report)
        case .current(let cluster):
            clusters.mark(cluster, .current)
        case .stale(let cluster):
            clusters.mark(cluster, .stale)
        case .withdrawn(let cluster):
            for name in (nodes[cluster] ?? [:]).keys.sorted() { set(nil, cluster, name, report) }
            clusters.remove(cluster)
        }
    }

    private mutating func set(_ new: NodeRecord?, _ cluster: ClusterName, _ name: String, _ report: (Change) -> Void) {
        let old = nodes[cluster, default: [:]].updateOrRemove(name, new)
        if nodes[cluster]?.isEmpty == true { nodes[cluster] = nil }
        clusters.count(cluster, before: old != nil, now: new != nil)
        if old != new { report(Change(cluster: cluster, name: name, old: old, new: new)) }
    }
}

extension TreeDictionary {
    /// Sets or removes a value and returns the former one.
    mutating func updateOrRemove(_ key: Key, _ value: Value?) -> Value? {
        guard let value else { return removeValue(forKey: key) }
        return updateValue(value, forKey: key)
    }
}

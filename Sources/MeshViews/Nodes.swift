internal import HashTreeCollections
public import MeshCore
public import MeshRecords

/// The nodes of all clusters. A node is named by cluster and name: nodes of different clusters never meet.
///
/// Their pod ranges can meet, and must not: an address would then belong to pods of two clusters. Such ranges are
/// ``podCIDRConflicts``.
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

    /// How many conflicts ``podCIDRConflicts`` names at most; ``podCIDRConflictCount`` counts them all.
    public static let maximumListedConflicts = 100

    public private(set) var clusters = ClusterMarks()
    private var nodes: TreeDictionary<ClusterName, TreeDictionary<String, NodeRecord>> = [:]
    private var podRanges = PodRanges()

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

    /// The number of different pod ranges that hold, or are, a range of another cluster's node. O(1).
    public var podCIDRConflictCount: Int { podRanges.conflictCount }

    /// One conflict for each of the first ``maximumListedConflicts`` ranges that ``podCIDRConflictCount`` counts, in the
    /// order of the ranges.
    ///
    /// A cluster that is stale still has its ranges: its pods may be running.
    public var podCIDRConflicts: [PodCIDRConflict] { podRanges.conflicts(Self.maximumListedConflicts) }

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
        changePodRanges(of: cluster, name, from: old?.podRanges ?? [], to: new?.podRanges ?? [])
        clusters.count(cluster, before: old != nil, now: new != nil)
        if old != new { report(Change(cluster: cluster, name: name, old: old, new: new)) }
    }

    private mutating func changePodRanges(
        of cluster: ClusterName,
        _ name: String,
        from old: Set<IPPrefix>,
        to new: Set<IPPrefix>
    ) {
        guard old != new else { return }
        for range in old.subtracting(new) { podRanges.remove(range, of: cluster, name) }
        for range in new.subtracting(old) { podRanges.insert(range, of: cluster, name) }
    }
}

extension NodeRecord {
    /// All ranges from which the node's pods have their addresses.
    fileprivate var podRanges: Set<IPPrefix> {
        var ranges = ipv4SecondaryAllocationCIDRs + ipv6SecondaryAllocationCIDRs
        if let ipv4AllocationCIDR { ranges.append(ipv4AllocationCIDR) }
        if let ipv6AllocationCIDR { ranges.append(ipv6AllocationCIDR) }
        return Set(ranges.map(\.masked))
    }
}

extension TreeDictionary {
    /// Sets or removes a value and returns the former one.
    mutating func updateOrRemove(_ key: Key, _ value: Value?) -> Value? {
        guard let value else { return removeValue(forKey: key) }
        return updateValue(value, forKey: key)
    }
}

internal import HashTreeCollections
public import MeshCore
public import MeshRecords

/// What stands behind an IP address: its cluster, the node that reaches it, its identity.
///
/// The longest prefix that holds an address answers for it. If several clusters speak of the same prefix, the local
/// cluster's word counts; between remote ones that of the first by name, whoever wrote last (Cilium takes the last
/// writer's, and a delete of either removes the entry). Such a prefix is listed in ``conflicts``: pod ranges of a
/// mesh must not overlap.
///
/// Between prefixes of different length no cluster is preferred, as in Cilium: a remote `/32` inside a local `/24`
/// answers for its address.
public struct IPCache: MergeEngine {
    /// What counts for a prefix.
    public struct Entry: Hashable, Sendable {
        /// The addresses; masked.
        public var prefix: IPPrefix
        /// The cluster whose word counts.
        public var cluster: ClusterName
        /// What it says.
        public var record: IPRecord
        /// The identity as the local cluster must see it; see ``IPCache/remoteNodeIdentity``.
        public var identity: UInt32
        /// The other clusters that speak of the same prefix, in the order of their names.
        public var rivals: [ClusterName]

        /// The node to which traffic is tunnelled.
        public var hostIP: IPAddress? { record.hostIP }
    }

    /// An entry that appeared, changed or vanished, its rivals included.
    public struct Change: Hashable, Sendable {
        /// The addresses.
        public var prefix: IPPrefix
        /// The entry before; `nil` if there was none.
        public var old: Entry?
        /// The entry now; `nil` if it is gone.
        public var new: Entry?
    }

    /// The reserved identity of a cluster's own node.
    public static let hostIdentity: UInt32 = 1
    /// The reserved identity of nodes elsewhere: a remote cluster's ``hostIdentity`` is shown as this one.
    public static let remoteNodeIdentity: UInt32 = 6

    public private(set) var clusters = ClusterMarks()
    private let local: ClusterName
    private var claims: TreeDictionary<IPPrefix, Claims<Claimant, IPRecord>> = [:]
    private var contested: TreeSet<IPPrefix> = []
    /// How many prefixes of each length there are, so that a lookup asks only for lengths that exist.
    private var lengths: [IPAddress.Family: [Int]] = [
        .v4: Array(repeating: 0, count: 33), .v6: Array(repeating: 0, count: 129),
    ]

    /// A cluster can speak of one address twice, as `10.0.0.1` and `10.0.0.1/32`: the bare address counts first.
    private struct Claimant: Hashable, Comparable, Sendable {
        var rank: ClusterRank
        var key: IPKey

        static func < (left: Claimant, right: Claimant) -> Bool {
            (left.rank, left.key) < (right.rank, right.key)
        }
    }

    public init(local: ClusterName) {
        self.local = local
    }

    /// The number of prefixes.
    public var count: Int { claims.count }

    /// All entries, in the order of their prefixes. O(n log n).
    public var all: [Entry] { claims.keys.sorted().compactMap { self[$0] } }

    /// The prefixes of which several clusters speak, in order.
    public var conflicts: [IPPrefix] { contested.sorted() }

    /// What counts for exactly this prefix. O(1).
    public subscript(prefix: IPPrefix) -> Entry? {
        let prefix = prefix.masked
        guard let claims = claims[prefix], let winner = claims.winner else { return nil }
        let cluster = winner.claimant.rank.cluster
        let isRemoteHost = winner.claimant.rank.isRemote && winner.value.identity == Self.hostIdentity
        return Entry(
            prefix: prefix,
            cluster: cluster,
            record: winner.value,
            identity: isRemoteHost ? Self.remoteNodeIdentity : winner.value.identity,
            rivals: claims.all.count == 1
                ? [] : Set(claims.all.map(\.claimant.rank.cluster)).subtracting([cluster]).sorted()
        )
    }

    /// What counts for an address: the entry of the longest prefix that holds it. At most 129 steps of O(1).
    public func lookup(_ address: IPAddress) -> Entry? {
        let counts = lengths[address.family] ?? []
        for length in counts.indices.reversed() where counts[length] > 0 {
            guard let prefix = IPPrefix(address.masked(to: length), length: length) else { continue }
            if let entry = self[prefix] { return entry }
        }
        return nil
    }

    public mutating func apply(_ update: RecordUpdate, report: (Change) -> Void) {
        switch update {
        case .changed(let change):
            guard case .ip(let key) = change.key else { return }
            var new: IPRecord?
            if case .ip(let record)? = change.new { new = record }
            set(new, change.cluster, key, report)
        case .current(let cluster):
            clusters.mark(cluster, .current)
        case .stale(let cluster):
            clusters.mark(cluster, .stale)
        case .withdrawn(let cluster):
            let keys = claims.values.flatMap { claims in
                claims.all.map(\.claimant).filter { $0.rank.cluster == cluster }.map(\.key)
            }
            for key in keys.sorted() { set(nil, cluster, key, report) }
            clusters.remove(cluster)
        }
    }

    private mutating func set(_ new: IPRecord?, _ cluster: ClusterName, _ key: IPKey, _ report: (Change) -> Void) {
        let prefix = key.prefix.masked
        let old = self[prefix]
        var claims = claims[prefix] ?? Claims()
        let before = claims.set(new, by: Claimant(rank: ClusterRank(cluster, local: local), key: key))
        clusters.count(cluster, before: before != nil, now: new != nil)
        self.claims[prefix] = claims.all.isEmpty ? nil : claims
        let winner = self[prefix]
        if (old == nil) != (winner == nil) {
            lengths[prefix.address.family]?[prefix.length] += winner == nil ? -1 : 1
        }
        if winner?.rivals.isEmpty ?? true { contested.remove(prefix) } else { contested.insert(prefix) }
        if old != winner { report(Change(prefix: prefix, old: old, new: winner)) }
    }
}

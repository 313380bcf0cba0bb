internal import HashTreeCollections
public import MeshCore
public import MeshRecords

/// What stands behind an IP address: its cluster, the node that reaches it, its identity.
///
/// The longest prefix that holds an address answers for it. If several clusters speak of the same prefix, the local
/// cluster's word counts; between remote ones that of the first by name, whoever wrote last (Cilium takes the last
/// writer's, and a delete of either removes the entry). Such a prefix is a ``Conflict``: pod ranges of a mesh must not
/// overlap.
///
/// Between prefixes of different length no cluster is preferred, as in Cilium: a remote `/32` inside a local `/24`
/// answers for its address.
public struct IPCache: MergeEngine {
    /// The reserved identity of a cluster's own node.
    public static let hostIdentity: UInt32 = 1
    /// The reserved identity of nodes elsewhere: a remote cluster's ``hostIdentity`` is shown as this one.
    public static let remoteNodeIdentity: UInt32 = 6
    /// How many conflicts ``conflicts`` names at most; ``conflictCount`` counts them all.
    public static let maximumListedConflicts = 100

    public private(set) var clusters = ClusterMarks()
    private let local: ClusterName
    private var claims: TreeDictionary<IPPrefix, Claims<IPClaim>> = [:]
    private var contested: TreeSet<IPPrefix> = []
    private var lengths = PrefixLengths()

    /// What one cluster says of a prefix. The record knows its key, so that the claim need not hold it too.
    private struct IPClaim: Claim {
        let rank: ClusterRank
        let record: IPRecord

        var claimant: IPClaimant { IPClaimant(rank: rank, key: record.ip) }
    }

    /// A cluster can speak of one address twice, as `10.0.0.1` and `10.0.0.1/32`: the bare address counts first.
    private struct IPClaimant: Comparable {
        var rank: ClusterRank
        var key: IPKey

        static func < (left: IPClaimant, right: IPClaimant) -> Bool {
            if left.rank != right.rank { return left.rank < right.rank }
            return left.key < right.key
        }
    }

    public init(local: ClusterName) {
        self.local = local
    }

    /// The number of prefixes.
    public var count: Int { claims.count }

    /// All entries, in the order of their prefixes. O(n log n).
    public var all: [Entry] { claims.keys.sorted().compactMap { self[$0] } }

    /// The number of prefixes of which several clusters speak. O(1).
    public var conflictCount: Int { contested.count }

    /// The prefixes of which several clusters speak: the first ``maximumListedConflicts`` of them, in order.
    ///
    /// O(n) in the number of conflicts; the others are the entries with ``Entry/rivals``.
    public var conflicts: [Conflict] {
        contested.smallest(Self.maximumListedConflicts).compactMap { prefix in
            self[prefix].map { Conflict(prefix: prefix, winner: $0.cluster, rivals: $0.rivals) }
        }
    }

    /// What counts for exactly this prefix. O(1).
    public subscript(prefix: IPPrefix) -> Entry? {
        let prefix = prefix.masked
        return claims[prefix].flatMap { Self.entry(prefix, $0) }
    }

    /// What counts for an address: the entry of the longest prefix that holds it.
    ///
    /// One step of O(1) for each length that the prefixes of the address's family have: one or two in most meshes, at
    /// most 129.
    public func lookup(_ address: IPAddress) -> Entry? {
        for length in lengths.present(in: address.family) {
            guard let prefix = IPPrefix(address.masked(to: length), length: length) else { continue }
            if let claims = claims[prefix] { return Self.entry(prefix, claims) }
        }
        return nil
    }

    public mutating func apply(_ update: RecordUpdate, report: (Change) -> Void) {
        switch update {
        case .changed(let change):
            guard case .ip(let key) = change.key else { return }
            var new: IPRecord?
            if case .ip(let record)? = change.new, record.ip == key { new = record }
            set(new, change.cluster, key, report)
        case .current(let cluster):
            clusters.mark(cluster, .current)
        case .stale(let cluster):
            clusters.mark(cluster, .stale)
        case .withdrawn(let cluster):
            if clusters.count(of: cluster) > 0 { removeAll(of: cluster, report) }
            clusters.remove(cluster)
        }
    }

    private mutating func removeAll(of cluster: ClusterName, _ report: (Change) -> Void) {
        let keys = claims.values.flatMap { claims in
            claims.all.filter { $0.rank.cluster == cluster }.map(\.record.ip)
        }
        for key in keys.sorted() { set(nil, cluster, key, report) }
    }

    private mutating func set(_ new: IPRecord?, _ cluster: ClusterName, _ key: IPKey, _ report: (Change) -> Void) {
        let prefix = key.prefix.masked
        let rank = ClusterRank(cluster, local: local)
        let claimant = IPClaimant(rank: rank, key: key)
        let claim = new.map { IPClaim(rank: rank, record: $0) }
        // One descent for a record that appears or changes, as nearly all do.
        let (before, after) = claims.updateValue(forKey: prefix, default: Claims()) { claims in
            let before = claims
            claims.set(claim, by: claimant)
            return (before, claims)
        }
        if after.isEmpty { claims[prefix] = nil }
        clusters.count(cluster, before: before[claimant] != nil, now: new != nil)
        if before.isEmpty, !after.isEmpty { lengths.insert(prefix) }
        if after.isEmpty, !before.isEmpty { lengths.remove(prefix) }
        let rivals = (before: Self.rivals(before), after: Self.rivals(after))
        if rivals.before.isEmpty != rivals.after.isEmpty {
            if rivals.after.isEmpty { contested.remove(prefix) } else { contested.insert(prefix) }
        }
        guard before.winner != after.winner || rivals.before != rivals.after else { return }
        report(Change(prefix: prefix, old: Self.entry(prefix, before), new: Self.entry(prefix, after)))
    }

    private static func entry(_ prefix: IPPrefix, _ claims: Claims<IPClaim>) -> Entry? {
        guard let winner = claims.winner else { return nil }
        let isRemoteHost = winner.rank.isRemote && winner.record.identity == hostIdentity
        return Entry(
            prefix: prefix,
            cluster: winner.rank.cluster,
            record: winner.record,
            identity: isRemoteHost ? remoteNodeIdentity : winner.record.identity,
            rivals: rivals(claims)
        )
    }

    /// The clusters, each once, that claim beside the winner's. Claims are in the clusters' order.
    private static func rivals(_ claims: Claims<IPClaim>) -> [ClusterName] {
        var last = claims.winner?.rank.cluster
        var rivals: [ClusterName] = []
        for claim in claims.others where claim.rank.cluster != last {
            last = claim.rank.cluster
            rivals.append(claim.rank.cluster)
        }
        return rivals
    }
}

extension Sequence where Element: Comparable {
    /// The smallest `limit` elements, in order. One pass that holds no more than these.
    func smallest(_ limit: Int) -> [Element] {
        var smallest: [Element] = []
        for element in self {
            if smallest.count == limit {
                guard let last = smallest.last, element < last else { continue }
                smallest.removeLast()
            }
            smallest.insert(element, at: smallest.firstIndex { element < $0 } ?? smallest.endIndex)
        }
        return smallest
    }
}

internal import HashTreeCollections
public import MeshCore
public import MeshRecords

/// The security identities of all clusters: from number to labels, from labels to numbers, and by selector.
///
/// Numbers of different clusters are different, because each cluster has a range of its own. Should two clusters claim
/// one number nevertheless, the local cluster's word counts, then that of the first by name.
public struct Identities: MergeEngine {
    /// An identity and the cluster that gave it.
    public struct Identity: Hashable, Sendable {
        /// The cluster that gave it.
        public var cluster: ClusterName
        /// The number.
        public var id: UInt32
        /// The labels.
        public var labels: LabelSet
    }

    /// An identity that appeared, changed or vanished.
    public struct Change: Hashable, Sendable {
        /// The number.
        public var id: UInt32
        /// The identity before; `nil` if there was none.
        public var old: Identity?
        /// The identity now; `nil` if it is gone.
        public var new: Identity?
    }

    public private(set) var clusters = ClusterMarks()
    private let local: ClusterName
    private var claims: TreeDictionary<UInt32, Claims<IdentityClaim>> = [:]
    /// The numbers that have a label, whatever its source; of the identities that count only.
    private var byLabel: TreeDictionary<LabelValue, TreeSet<UInt32>> = [:]
    /// The numbers that a cluster gave; of the identities that count only.
    private var byCluster: TreeDictionary<ClusterName, TreeSet<UInt32>> = [:]

    /// What one cluster says of a number.
    private struct IdentityClaim: Claim {
        let claimant: ClusterRank
        let labels: LabelSet
    }

    private struct LabelValue: Hashable, Sendable {
        var key: String
        var value: String
    }

    public init(local: ClusterName) {
        self.local = local
    }

    /// The number of identities.
    public var count: Int { claims.count }

    /// The identity with this number. O(1).
    public subscript(id: UInt32) -> Identity? {
        claims[id].flatMap { Self.identity(id, $0) }
    }

    /// All identities, in the order of their numbers. O(n log n).
    public var all: [Identity] { identities(with: Array(claims.keys)) }

    /// The identities that a cluster gave and that count, in the order of their numbers. O(k log k) for k of them.
    public func identities(of cluster: ClusterName) -> [Identity] {
        identities(with: Array(byCluster[cluster] ?? []))
    }

    /// The identities with exactly these labels, in the order of their numbers: one, unless a cluster gave it twice.
    public func identities(with labels: LabelSet) -> [Identity] {
        identities(with: rarest(of: labels.labels.map { LabelValue(key: $0.key, value: $0.value) }, in: nil))
            .filter { $0.labels == labels }
    }

    /// The identities that a selector chooses, in the order of their numbers.
    ///
    /// The cost follows the number of identities that have the rarest label that the selector demands, or, if fewer,
    /// that the local cluster gave where only those are asked for; a selector that narrows neither looks at all.
    ///
    /// - Parameter scope: which clusters are meant if no requirement is about the cluster's label: the local one, as in
    ///   Cilium since 1.19 (`policyDefaultLocalCluster`), or all, as before.
    public func identities(
        matching selector: LabelSelector,
        defaultingTo scope: SelectorScope = .localCluster
    ) -> [Identity] {
        let demanded = selector.demandedLabels.map { LabelValue(key: $0.key, value: $0.value) }
        let cluster: ClusterName?
        switch scope {
        case .localCluster: cluster = selector.namesCluster ? nil : local
        case .allClusters: cluster = nil
        }
        return identities(with: rarest(of: demanded, in: cluster)).filter {
            selector.matches($0.labels) && (cluster == nil || $0.cluster == cluster)
        }
    }

    /// The fewest numbers that hold all those with these labels (of one cluster, if one is named).
    private func rarest(of labels: [LabelValue], in cluster: ClusterName?) -> [UInt32] {
        var sets = labels.map { byLabel[$0] ?? [] }
        if let cluster { sets.append(byCluster[cluster] ?? []) }
        return sets.min { $0.count < $1.count }.map { Array($0) } ?? Array(claims.keys)
    }

    private func identities(with ids: [UInt32]) -> [Identity] {
        ids.sorted().compactMap { self[$0] }
    }

    private static func identity(_ id: UInt32, _ claims: Claims<IdentityClaim>) -> Identity? {
        claims.winner.map { Identity(cluster: $0.claimant.cluster, id: id, labels: $0.labels) }
    }

    public mutating func apply(_ update: RecordUpdate, report: (Change) -> Void) {
        switch update {
        case .changed(let change):
            guard case .identity(let id) = change.key else { return }
            var new: LabelSet?
            if case .identity(let record)? = change.new { new = record.labels }
            set(new, change.cluster, id, report)
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
        let rank = ClusterRank(cluster, local: local)
        let ids = claims.filter { $0.value[rank] != nil }.keys
        for id in ids.sorted() { set(nil, cluster, id, report) }
    }

    private mutating func set(_ new: LabelSet?, _ cluster: ClusterName, _ id: UInt32, _ report: (Change) -> Void) {
        let rank = ClusterRank(cluster, local: local)
        let claim = new.map { IdentityClaim(claimant: rank, labels: $0) }
        let (before, after) = claims.updateValue(forKey: id, default: Claims()) { claims in
            let before = claims
            claims.set(claim, by: rank)
            return (before, claims)
        }
        if after.isEmpty { claims[id] = nil }
        clusters.count(cluster, before: before[rank] != nil, now: new != nil)
        guard before.winner != after.winner else { return }
        if let old = before.winner { index(id, of: old, isPresent: false) }
        if let new = after.winner { index(id, of: new, isPresent: true) }
        report(Change(id: id, old: Self.identity(id, before), new: Self.identity(id, after)))
    }

    private mutating func index(_ id: UInt32, of claim: IdentityClaim, isPresent: Bool) {
        byCluster.keep(id, isPresent, under: claim.claimant.cluster)
        for label in claim.labels.labels {
            byLabel.keep(id, isPresent, under: LabelValue(key: label.key, value: label.value))
        }
    }
}

extension TreeDictionary where Value == TreeSet<UInt32> {
    /// Adds a number to a key's set, or takes it from there; no set stays empty.
    fileprivate mutating func keep(_ number: UInt32, _ isPresent: Bool, under key: Key) {
        if isPresent {
            self[key, default: []].insert(number)
        } else {
            self[key]?.remove(number)
            if self[key]?.isEmpty == true { self[key] = nil }
        }
    }
}

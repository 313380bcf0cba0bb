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
    private var claims: TreeDictionary<UInt32, Claims<ClusterRank, LabelSet>> = [:]
    /// The numbers that have a label, whatever its source; of the identities that count only.
    private var byLabel: TreeDictionary<LabelValue, TreeSet<UInt32>> = [:]

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
        claims[id]?.winner.map { Identity(cluster: $0.claimant.cluster, id: id, labels: $0.value) }
    }

    /// All identities, in the order of their numbers. O(n log n).
    public var all: [Identity] { candidates([]) }

    /// The identities with exactly these labels, in the order of their numbers: one, unless a cluster gave it twice.
    public func identities(with labels: LabelSet) -> [Identity] {
        candidates(labels.labels.map { LabelValue(key: $0.key, value: $0.value) }).filter { $0.labels == labels }
    }

    /// The identities of all clusters that a selector chooses, in the order of their numbers.
    ///
    /// The cost follows the number of identities that have the rarest label that the selector demands; a selector that
    /// demands none looks at all.
    public func identities(matching selector: LabelSelector) -> [Identity] {
        let demanded = selector.demandedLabels.map { LabelValue(key: $0.key, value: $0.value) }
        return candidates(demanded).filter { selector.matches($0.labels) }
    }

    private func candidates(_ labels: [LabelValue]) -> [Identity] {
        let sets = labels.map { byLabel[$0] ?? [] }
        let ids = sets.min { $0.count < $1.count }.map { Array($0) } ?? Array(claims.keys)
        return ids.sorted().compactMap { self[$0] }
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
            let rank = ClusterRank(cluster, local: local)
            let ids = claims.filter { $0.value[rank] != nil }.keys
            for id in ids.sorted() { set(nil, cluster, id, report) }
            clusters.remove(cluster)
        }
    }

    private mutating func set(_ new: LabelSet?, _ cluster: ClusterName, _ id: UInt32, _ report: (Change) -> Void) {
        let old = self[id]
        var claims = claims[id] ?? Claims()
        let before = claims.set(new, by: ClusterRank(cluster, local: local))
        clusters.count(cluster, before: before != nil, now: new != nil)
        self.claims[id] = claims.all.isEmpty ? nil : claims
        let winner = self[id]
        guard old != winner else { return }
        for label in old?.labels.labels ?? [] { index(label, id, isPresent: false) }
        for label in winner?.labels.labels ?? [] { index(label, id, isPresent: true) }
        report(Change(id: id, old: old, new: winner))
    }

    private mutating func index(_ label: Label, _ id: UInt32, isPresent: Bool) {
        let key = LabelValue(key: label.key, value: label.value)
        if isPresent {
            byLabel[key, default: []].insert(id)
        } else {
            byLabel[key]?.remove(id)
            if byLabel[key]?.isEmpty == true { byLabel[key] = nil }
        }
    }
}

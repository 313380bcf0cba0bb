/// How often records of one cluster change, each kind in events a second.
public struct ChurnRates: Hashable, Sendable {
    /// Changes of nodes.
    public var nodes: Double
    /// Changes of identities.
    public var identities: Double
    /// Changes of IPs.
    public var ips: Double

    /// As many of each; a rate below 0 counts as 0.
    public init(nodes: Double, identities: Double, ips: Double) {
        self.nodes = max(0, nodes)
        self.identities = max(0, identities)
        self.ips = max(0, ips)
    }

    /// What each cluster has in the test with which Cilium's project watches over its own scalability; 250 clusters make
    /// 325 events a second.
    public static let cilium = ChurnRates(nodes: 0.1, identities: 0.2, ips: 1)

    /// All kinds together.
    public var total: Double { nodes + identities + ips }
}

/// Decides what changes next in many clusters: a plain value, given chance from outside.
///
/// One change in four takes a record away. A record that is away comes back when it is its turn, so that the number of
/// records that are missing settles at a fifth of those that change at all.
struct ProducedChurn {
    /// A change of one record.
    struct Change: Hashable {
        var place: Place
        var isDeletion: Bool
    }

    /// A record of one of the clusters.
    struct Place: Hashable {
        var cluster: Int
        var record: ProducedCluster.Record
    }

    private let clusters: Int
    private let size: ProducedSize
    private let rates: ChurnRates
    private var away: Set<Place> = []

    init(clusters: Int, size: ProducedSize, rates: ChurnRates) {
        self.clusters = clusters
        self.size = size
        self.rates = rates
    }

    /// The records that are away now; they are back afterwards.
    mutating func bringBack() -> [Place] {
        defer { away = [] }
        return Array(away)
    }

    /// The next change; `nil` if nothing ever changes.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Change? {
        guard clusters > 0, rates.total > 0 else { return nil }
        let cluster = Int.random(in: 0..<clusters, using: &generator)
        let place = Place(cluster: cluster, record: record(using: &generator))
        if away.remove(place) != nil { return Change(place: place, isDeletion: false) }
        let isDeletion = UInt8.random(in: 0..<4, using: &generator) == 0
        if isDeletion { away.insert(place) }
        return Change(place: place, isDeletion: isDeletion)
    }

    private func record(using generator: inout some RandomNumberGenerator) -> ProducedCluster.Record {
        let kind = Double.random(in: 0..<rates.total, using: &generator)
        if kind < rates.nodes { return .node(Int.random(in: 0..<size.nodes, using: &generator)) }
        if kind < rates.nodes + rates.identities || size.ips == 0 {
            return .identity(Int.random(in: 0..<size.identities, using: &generator))
        }
        return .ip(Int.random(in: 0..<size.ips, using: &generator))
    }
}

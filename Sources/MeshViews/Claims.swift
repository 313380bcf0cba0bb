internal import MeshCore

/// Where a cluster stands when several claim the same thing: the local one first, then by name.
struct ClusterRank: Hashable, Comparable, Sendable {
    let isRemote: Bool
    let cluster: ClusterName

    init(_ cluster: ClusterName, local: ClusterName) {
        isRemote = cluster != local
        self.cluster = cluster
    }

    static func < (left: ClusterRank, right: ClusterRank) -> Bool {
        if left.isRemote != right.isRemote { return right.isRemote }
        return left.cluster < right.cluster
    }
}

/// What several claimants say of one thing. The smallest claimant's word counts, whoever spoke first or last.
struct Claims<Claimant: Hashable & Comparable & Sendable, Value: Hashable & Sendable>: Hashable, Sendable {
    struct Claim: Hashable, Sendable {
        let claimant: Claimant
        var value: Value
    }

    /// All claims, the one that counts first.
    private(set) var all: [Claim] = []

    /// The claim that counts.
    var winner: Claim? { all.first }

    /// The value that a claimant claims.
    subscript(claimant: Claimant) -> Value? {
        all.first { $0.claimant == claimant }?.value
    }

    /// Replaces a claimant's claim; `nil` takes it back. Returns what the claimant claimed before.
    @discardableResult
    mutating func set(_ value: Value?, by claimant: Claimant) -> Value? {
        let index = all.firstIndex { $0.claimant >= claimant } ?? all.endIndex
        let old = index < all.endIndex && all[index].claimant == claimant ? all[index].value : nil
        switch (old, value) {
        case (nil, let value?): all.insert(Claim(claimant: claimant, value: value), at: index)
        case (_?, let value?): all[index].value = value
        case (_?, nil): all.remove(at: index)
        case (nil, nil): break
        }
        return old
    }
}

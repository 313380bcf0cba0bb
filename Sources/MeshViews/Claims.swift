internal import MeshCore

/// Where a cluster stands when several claim the same thing: the local one first, then by name.
struct ClusterRank: Hashable, Comparable, Sendable {
    let cluster: ClusterName
    let isRemote: Bool

    init(_ cluster: ClusterName, local: ClusterName) {
        self.cluster = cluster
        isRemote = cluster != local
    }

    static func < (left: ClusterRank, right: ClusterRank) -> Bool {
        if left.isRemote != right.isRemote { return right.isRemote }
        return left.cluster < right.cluster
    }
}

/// What one claimant says of a thing of which others may speak too.
protocol Claim: Hashable, Sendable {
    associatedtype Claimant: Comparable

    /// Who speaks. Of several claimants the smallest one's word counts.
    var claimant: Claimant { get }
}

/// What several claimants say of one thing. The smallest claimant's word counts, whoever spoke first or last.
///
/// Nearly everything has one claimant, so that the claim that counts is held in place; only several need an array.
struct Claims<Element: Claim>: Hashable, Sendable {
    /// The claim that counts.
    private(set) var winner: Element?
    /// All claims but the one that counts, in order.
    private(set) var others: [Element] = []

    var isEmpty: Bool { winner == nil }

    /// All claims, the one that counts first.
    var all: [Element] { (winner.map { [$0] } ?? []) + others }

    /// A claimant's claim.
    subscript(claimant: Element.Claimant) -> Element? {
        if let winner, winner.claimant == claimant { return winner }
        return others.first { $0.claimant == claimant }
    }

    /// Replaces a claimant's claim; `nil` takes it back. Returns what the claimant claimed before.
    ///
    /// `new`, where given, is a claim of `claimant`.
    @discardableResult
    mutating func set(_ new: Element?, by claimant: Element.Claimant) -> Element? {
        guard let first = winner, first.claimant <= claimant else {
            // It comes before all others.
            guard let new else { return nil }
            if let first = winner { others.insert(first, at: 0) }
            winner = new
            return nil
        }
        guard first.claimant == claimant else { return setOther(new, by: claimant) }
        winner = new ?? (others.isEmpty ? nil : others.removeFirst())
        return first
    }

    private mutating func setOther(_ new: Element?, by claimant: Element.Claimant) -> Element? {
        let index = others.firstIndex { $0.claimant >= claimant } ?? others.endIndex
        let old = index < others.endIndex && others[index].claimant == claimant ? others[index] : nil
        switch (old, new) {
        case (nil, let new?): others.insert(new, at: index)
        case (_?, let new?): others[index] = new
        case (_?, nil): others.remove(at: index)
        case (nil, nil): break
        }
        return old
    }
}

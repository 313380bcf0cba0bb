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
/// Nearly everything has one claimant, so that a single claim is held in place; only several need an array.
struct Claims<Element: Claim>: Hashable, Sendable {
    private enum Held: Hashable, Sendable {
        case none
        case one(Element)
        /// Two or more, the one that counts first.
        case several([Element])
    }

    private var held = Held.none

    var isEmpty: Bool {
        switch held {
        case .none: true
        case .one, .several: false
        }
    }

    /// All claims, the one that counts first.
    var all: [Element] {
        switch held {
        case .none: []
        case .one(let claim): [claim]
        case .several(let claims): claims
        }
    }

    /// The claim that counts.
    var winner: Element? {
        switch held {
        case .none: nil
        case .one(let claim): claim
        case .several(let claims): claims.first
        }
    }

    /// All claims but the one that counts, in order. Costs nothing where there are none.
    var others: ArraySlice<Element> {
        switch held {
        case .none, .one: []
        case .several(let claims): claims.dropFirst()
        }
    }

    /// A claimant's claim.
    subscript(claimant: Element.Claimant) -> Element? {
        switch held {
        case .none: nil
        case .one(let claim): claim.claimant == claimant ? claim : nil
        case .several(let claims): claims.first { $0.claimant == claimant }
        }
    }

    /// Replaces a claimant's claim; `nil` takes it back. Returns what the claimant claimed before.
    ///
    /// `new`, where given, is a claim of `claimant`.
    @discardableResult
    mutating func set(_ new: Element?, by claimant: Element.Claimant) -> Element? {
        switch held {
        case .none:
            held = new.map(Held.one) ?? .none
            return nil
        case .one(let claim) where claim.claimant == claimant:
            held = new.map(Held.one) ?? .none
            return claim
        case .one(let claim):
            guard let new else { return nil }
            held = .several(claim.claimant < claimant ? [claim, new] : [new, claim])
            return nil
        case .several(var claims):
            held = .none  // The array is changed in place, as nobody else holds it now.
            let old = Self.replace(new, of: claimant, in: &claims)
            held = claims.count == 1 ? .one(claims[0]) : .several(claims)
            return old
        }
    }

    private static func replace(
        _ new: Element?,
        of claimant: Element.Claimant,
        in claims: inout [Element]
    ) -> Element? {
        let index = claims.firstIndex { $0.claimant >= claimant } ?? claims.endIndex
        let old = index < claims.endIndex && claims[index].claimant == claimant ? claims[index] : nil
        switch (old, new) {
        case (nil, let new?): claims.insert(new, at: index)
        case (_?, let new?): claims[index] = new
        case (_?, nil): claims.remove(at: index)
        case (nil, nil): break
        }
        return old
    }
}

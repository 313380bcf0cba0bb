internal import MeshCore

/// Which lengths the prefixes of a table have, so that a lookup asks only for lengths that exist.
struct PrefixLengths: Hashable, Sendable {
    /// How many prefixes there are of each length: first those of IPv4, then those of IPv6.
    private var counts = Array(repeating: 0, count: 33 + 129)
    private var v4: [Int] = []
    private var v6: [Int] = []

    /// The lengths that a family's prefixes have, the longest first.
    func present(in family: IPAddress.Family) -> [Int] {
        switch family {
        case .v4: v4
        case .v6: v6
        }
    }

    mutating func insert(_ prefix: IPPrefix) {
        let slot = Self.slot(of: prefix)
        counts[slot] += 1
        guard counts[slot] == 1 else { return }
        change(prefix.address.family) { lengths in
            lengths.insert(prefix.length, at: lengths.firstIndex { $0 < prefix.length } ?? lengths.endIndex)
        }
    }

    /// Takes back an ``insert(_:)``.
    mutating func remove(_ prefix: IPPrefix) {
        let slot = Self.slot(of: prefix)
        counts[slot] -= 1
        guard counts[slot] == 0 else { return }
        change(prefix.address.family) { lengths in lengths.removeAll { $0 == prefix.length } }
    }

    private mutating func change(_ family: IPAddress.Family, _ body: (inout [Int]) -> Void) {
        switch family {
        case .v4: body(&v4)
        case .v6: body(&v6)
        }
    }

    private static func slot(of prefix: IPPrefix) -> Int {
        switch prefix.address.family {
        case .v4: prefix.length
        case .v6: 33 + prefix.length
        }
    }
}

/// A name or a number that cannot name a cluster, and why.
public struct ClusterNamingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}

/// The name of a cluster: 1 to 32 lower-case letters, digits and hyphens, no hyphen at either end (Cilium's rule).
public struct ClusterName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The longest name, in characters.
    public static let maximumLength = 32

    /// The name.
    public let rawValue: String

    /// Checks and takes a name.
    ///
    /// - Throws: ``ClusterNamingError`` that says which rule the name breaks.
    public init(_ name: some StringProtocol) throws(ClusterNamingError) {
        let bytes = Array(name.utf8)
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = bytes.first, let last = bytes.last else {
            throw ClusterNamingError(message: "a cluster's name is empty")
        }
        guard bytes.count <= Self.maximumLength else {
            throw ClusterNamingError(
                message: "cluster name '\(name.prefix(40))' has \(bytes.count) characters; at most 32 are allowed"
            )
        }
        guard isLetterOrDigit(first), isLetterOrDigit(last),
            bytes.allSatisfy({ isLetterOrDigit($0) || $0 == UInt8(ascii: "-") })
        else {
            throw ClusterNamingError(
                message:
                    "cluster name '\(name)' may hold only a-z, 0-9 and '-', and begins and ends with a letter or digit"
            )
        }
        rawValue = String(name)
    }

    public static func < (left: ClusterName, right: ClusterName) -> Bool { left.rawValue < right.rawValue }

    public var description: String { rawValue }
}

/// The number of a cluster in its mesh: 1…255, or 1…511 in a mesh with the larger number space (Cilium's rule).
public struct ClusterID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many clusters a mesh can have, which decides how an identity's 24 bits are shared out.
    public enum Space: Int, Hashable, Sendable {
        /// 8 bits for the cluster, 16 for the identity.
        case clusters255 = 255
        /// 9 bits for the cluster, 15 for the identity.
        case clusters511 = 511

        /// The number of bits of an identity below the cluster's.
        public var identityBits: UInt32 { self == .clusters255 ? 16 : 15 }
    }

    /// The number.
    public let rawValue: UInt32

    /// Checks and takes a number.
    ///
    /// - Throws: ``ClusterNamingError`` if it is outside 1…`space`.
    public init(_ number: some BinaryInteger, in space: Space = .clusters255) throws(ClusterNamingError) {
        guard number >= 1, number <= space.rawValue else {
            throw ClusterNamingError(message: "cluster ID \(number) is not in 1…\(space.rawValue)")
        }
        rawValue = UInt32(number)
    }

    /// The identities that belong to this cluster.
    public func identities(in space: Space = .clusters255) -> ClosedRange<UInt32> {
        let first = rawValue << space.identityBits
        return first...(first + (1 << space.identityBits) - 1)
    }

    public static func < (left: ClusterID, right: ClusterID) -> Bool { left.rawValue < right.rawValue }

    public var description: String { String(rawValue) }
}

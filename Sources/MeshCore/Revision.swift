/// A point in a store's history: the number of the transaction that made it.
///
/// An empty store is at revision 1; its first write makes revision 2 (etcd's counting). ``none`` (0) stands for "no
/// revision": absent in a request, never written in a pair.
public struct Revision: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number as it travels in etcd's messages.
    public var rawValue: Int64

    /// Makes a revision from its number.
    @inlinable
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Makes a revision from its number.
    @inlinable
    public init(_ number: Int64) {
        rawValue = number
    }

    /// No revision: "now" in a read, "from the next one on" in a watch, "absent" in a pair.
    @inlinable
    public static var none: Revision { Revision(0) }

    /// The revision of a store that has never been written.
    @inlinable
    public static var initial: Revision { Revision(1) }

    /// The revision after this one.
    ///
    /// The greatest number is its own successor, so that a peer that claims it cannot make us overflow.
    @inlinable
    public var next: Revision { Revision(rawValue == .max ? .max : rawValue + 1) }

    /// The revision before this one.
    @inlinable
    public var previous: Revision { Revision(rawValue == .min ? .min : rawValue - 1) }

    @inlinable
    public static func < (left: Revision, right: Revision) -> Bool { left.rawValue < right.rawValue }
}

extension Revision: ExpressibleByIntegerLiteral, CustomStringConvertible {
    @inlinable
    public init(integerLiteral value: Int64) { rawValue = value }

    public var description: String { String(rawValue) }
}

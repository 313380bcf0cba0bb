/// An IPv4 or IPv6 address without a zone.
///
/// An IPv4 address and the IPv6 address that maps it (`::ffff:a.b.c.d`) are different values, as in Go's `netip`.
/// Addresses are ordered: all of IPv4 first, then by number.
public struct IPAddress: Hashable, Sendable {
    /// Which protocol an address belongs to.
    public enum Family: UInt8, Hashable, Comparable, Sendable {
        case v4 = 4
        case v6 = 6

        /// The number of bits of an address.
        public var bitCount: Int { self == .v4 ? 32 : 128 }

        public static func < (left: Family, right: Family) -> Bool { left.rawValue < right.rawValue }
    }

    /// The upper 64 bits; 0 for IPv4.
    public let high: UInt64
    /// The lower 64 bits; an IPv4 address fills the lowest 32.
    public let low: UInt64
    /// The protocol.
    public let family: Family

    /// Makes an IPv4 address from its number.
    public init(v4 number: UInt32) {
        self.init(family: .v4, high: 0, low: UInt64(number))
    }

    /// Makes an IPv6 address from the two halves of its number.
    public init(v6 high: UInt64, _ low: UInt64) {
        self.init(family: .v6, high: high, low: low)
    }

    init(family: Family, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    /// The IPv4 address that this IPv6 address maps (`::ffff:a.b.c.d`), else this address.
    public var unmapped: IPAddress {
        guard family == .v6, high == 0, low >> 32 == 0xFFFF else { return self }
        return IPAddress(v4: UInt32(truncatingIfNeeded: low))
    }

    /// The address with all bits behind the first `length` set to zero.
    ///
    /// `length` is taken as if cut to what the family has.
    public func masked(to length: Int) -> IPAddress {
        let shift = family.bitCount - min(max(length, 0), family.bitCount)
        // `<<` with a count of 64 or more gives zero, so that no case needs its own formula.
        return IPAddress(
            family: family,
            high: high & (UInt64.max << max(shift - 64, 0)),
            low: low & (UInt64.max << shift)
        )
    }

    /// The address of bytes in network order; `nil` unless there are 4 or 16.
    public init?(bytes: some Collection<UInt8>) {
        func number(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(family: .v4, high: 0, low: number(bytes))
        case 16: self.init(family: .v6, high: number(bytes.prefix(8)), low: number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    /// The address as bytes in network order: 4 or 16.
    public var bytes: [UInt8] {
        let all = [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
        return family == .v4 ? Array(all.suffix(4)) : all
    }
}

extension IPAddress: Comparable {
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        (left.family, left.high, left.low) < (right.family, right.high, right.low)
    }
}

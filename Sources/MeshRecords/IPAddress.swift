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

/// An address and a number of leading bits: the addresses that agree with it in these bits.
///
/// The address may have other bits set, as in `10.1.2.3/16`; ``masked`` clears them.
public struct IPPrefix: Hashable, Sendable {
    /// The address.
    public let address: IPAddress
    /// The number of leading bits that count: 0…32 or 0…128.
    public let length: Int

    /// Makes a prefix; `nil` if an address of this family has no `length` bits.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitCount).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// The prefix that holds one address.
    public init(host address: IPAddress) {
        self.address = address
        length = address.family.bitCount
    }

    private init(masking prefix: IPPrefix) {
        address = prefix.address.masked(to: prefix.length)
        length = prefix.length
    }

    /// The same addresses, written with the lowest of them.
    public var masked: IPPrefix { IPPrefix(masking: self) }

    /// Whether no bit behind the length is set.
    public var isMasked: Bool { address.masked(to: length) == address }

    /// Whether the prefix holds one address.
    public var isHost: Bool { length == address.family.bitCount }

    /// Whether `other` is one of the prefix's addresses. An IPv4 prefix holds no IPv6 address.
    public func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && other.masked(to: length) == address.masked(to: length)
    }

    /// Whether all addresses of `other` are addresses of this prefix.
    public func contains(_ other: IPPrefix) -> Bool {
        other.length >= length && contains(other.address)
    }

    /// Whether some address is in both prefixes.
    public func overlaps(_ other: IPPrefix) -> Bool {
        contains(other) || other.contains(self)
    }

    /// The bits that count, as a mask in network order: 4 or 16 bytes.
    public var maskBytes: [UInt8] {
        IPAddress(family: address.family, high: address.family == .v4 ? 0 : .max, low: .max).masked(to: length).bytes
    }

    /// The length that a mask means; `nil` if the mask is neither 4 nor 16 bytes or has a gap.
    static func length(ofMask mask: [UInt8]) -> Int? {
        guard mask.count == 4 || mask.count == 16 else { return nil }
        let ones = mask.prefix { $0 == 0xFF }.count
        let rest = mask.dropFirst(ones)
        guard let partial = rest.first else { return 8 * ones }
        let bits = (~partial).leadingZeroBitCount
        guard partial.trailingZeroBitCount >= 8 - bits, rest.dropFirst().allSatisfy({ $0 == 0 }) else { return nil }
        return 8 * ones + bits
    }
}

extension IPPrefix: Comparable {
    /// By address, then shorter before longer.
    public static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        (left.address, left.length) < (right.address, right.length)
    }
}

/// An address and a number of leading bits: the addresses that agree with it in these bits.
///
/// The address may have other bits set, as in `10.1.2.3/16`; ``masked`` clears them.
public struct IPPrefix: Hashable, Sendable {
    /// The address.
    public let address: IPAddress
    /// ``length``, in as few bytes as it needs: prefixes are kept by the hundred thousand.
    private let bits: UInt8

    /// The number of leading bits that count: 0…32 or 0…128.
    public var length: Int { Int(bits) }

    /// Makes a prefix; `nil` if an address of this family has no `length` bits.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitCount).contains(length) else { return nil }
        self.address = address
        bits = UInt8(length)
    }

    /// The prefix that holds one address.
    public init(host address: IPAddress) {
        self.address = address
        bits = UInt8(address.family.bitCount)
    }

    private init(masking prefix: IPPrefix) {
        address = prefix.address.masked(to: prefix.length)
        bits = prefix.bits
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
    package static func length(ofMask mask: [UInt8]) -> Int? {
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

/// The number of a lease; a key attached to a lease is deleted when the lease expires or is revoked.
public struct LeaseID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number as it travels in etcd's messages.
    public var rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Makes a lease's number.
    public init(_ number: Int64) {
        rawValue = number
    }

    /// No lease.
    public static var none: LeaseID { LeaseID(0) }

    /// The number in hexadecimal, as etcdctl prints it.
    public var description: String { String(rawValue, radix: 16) }
}

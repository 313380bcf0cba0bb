/// How much a request may ask of whoever unpacks it; checked before anything is unpacked.
public struct MessageLimits: Hashable, Sendable {
    /// The most bytes of a message. Default 1.5 MiB, etcd's own bound.
    public var maximumBytes = 1_572_864

    /// The most messages that may lie in each other, the outermost included. Default 64.
    ///
    /// A transaction inside a transaction costs two levels, so 64 allow 31 transactions in each other.
    public var maximumDepth = 64

    /// The most fields of a message, those of inner messages included. Default 65,536.
    ///
    /// A field of two bytes takes up to some 350 bytes while it is unpacked and converted (an empty comparison of a
    /// transaction); this bounds the memory at about 25 MB.
    public var maximumFields = 65_536

    /// The default limits.
    public init() {}

    /// Limits with another bound of bytes, depth or fields.
    public init(maximumBytes: Int, maximumDepth: Int = 64, maximumFields: Int = 65_536) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.maximumFields = maximumFields
    }
}

/// Where a message goes that is too long to be put together in memory first.
public protocol MessageSink: ~Copyable {
    /// Takes a copy of a few bytes.
    mutating func append(_ bytes: [UInt8])

    /// Takes bytes that a store holds; may refer to them instead of copying.
    mutating func append(referringTo bytes: [UInt8])
}

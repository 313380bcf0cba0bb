internal import MeshCore
internal import MeshWire

/// How much one message of a server brought.
public struct ReadAmount: Hashable, Sendable {
    /// The pairs or events.
    public var pairs: Int

    /// The bytes of the encoded pairs, keys included.
    public var bytes: Int

    /// An amount.
    public init(pairs: Int, bytes: Int) {
        self.pairs = pairs
        self.bytes = bytes
    }

    init(_ answer: RangeAnswer) {
        self.init(pairs: answer.pairs.count, bytes: answer.pairs.reduce(0) { $0 + $1.encoded.count })
    }

    init(_ message: WatchServerMessage) {
        self.init(pairs: message.events.count, bytes: message.events.reduce(0) { $0 + $1.pair.encoded.count })
    }
}

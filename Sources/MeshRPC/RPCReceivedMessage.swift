/// A message as it arrived, for as long as it is handled.
///
/// Its bytes lie in the pieces that the transport read: usually one for a message of up to 8 KB.
public struct RPCReceivedMessage: ~Copyable {
    private let message: ReceivedMessage

    init(_ message: ReceivedMessage) {
        self.message = message
    }

    /// The number of bytes.
    public var count: Int { message.count }

    /// The bytes, copied.
    ///
    /// - Complexity: O(bytes).
    public func bytes() -> [UInt8] { message.bytes() }

    /// Calls `body` with each piece, in order, without copying.
    public func forEachPiece(_ body: (Span<UInt8>) -> Void) {
        message.forEachPiece { piece in body(piece) }
    }

    /// Calls `body` with all bytes: without copying them if they lie in one piece.
    public func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try message.withBytes(body)
    }
}

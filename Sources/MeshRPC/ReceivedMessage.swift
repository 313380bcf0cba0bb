internal import CGRPC

/// A message as core received it, in as many pieces as it came in.
///
/// It is handed from a poller to the task that wants the bytes, so that copying them is that task's work: in a
/// ``HandedOver``, or under a lock.
///
/// `@unchecked Sendable` holds because the buffer has one owner, is never changed, and is released once, in `deinit`.
final class ReceivedMessage: @unchecked Sendable {
    private let buffer: UnsafeMutablePointer<grpc_byte_buffer>

    /// Takes over a buffer.
    init(_ buffer: UnsafeMutablePointer<grpc_byte_buffer>) {
        self.buffer = buffer
    }

    deinit {
        grpc_byte_buffer_destroy(buffer)
    }

    /// The pieces, where they lie.
    private var pieces: UnsafeBufferPointer<grpc_slice> {
        // Not compressed: no other algorithm than none is accepted.
        guard let slices = cgrpc_slices_of(buffer) else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: slices.pointee.slices, count: slices.pointee.count)
    }

    private static func bytes(of piece: UnsafePointer<grpc_slice>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: cgrpc_start_of(piece), count: cgrpc_length_of(piece))
    }

    /// The number of bytes.
    var count: Int { cgrpc_slices_of(buffer)?.pointee.length ?? 0 }

    /// The bytes, copied.
    ///
    /// - Complexity: O(bytes).
    func bytes() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            forEachPiece { piece in
                let rest = UnsafeMutableBufferPointer(rebasing: target[filled...])
                filled += piece.withUnsafeBufferPointer { rest.update(fromContentsOf: $0.prefix(rest.count)) }
            }
        }
    }

    /// Calls `body` with each piece, in order, without copying.
    func forEachPiece(_ body: (Span<UInt8>) -> Void) {
        guard let first = pieces.baseAddress else { return }
        for index in 0..<pieces.count { body(Self.bytes(of: first + index).span) }
    }

    /// Calls `body` with all bytes: without copying them if they lie in one piece.
    func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if pieces.count == 1, let only = pieces.baseAddress { return try body(Self.bytes(of: only).span) }
        return try body(bytes().span)
    }
}

internal import CGRPC

/// Takes the bytes of one message of a server's stream, and puts them where core takes them from.
///
/// It is valid during the call of ``RPCStreamDriver/nextMessage(_:)`` that it is passed to. What was written is dropped
/// if the driver decides to send nothing, or if the client has too many bytes under way.
public struct RPCMessageWriter: ~Copyable {
    private let slices: UnsafeMutablePointer<grpc_slice_buffer>

    /// The number of bytes written so far.
    public private(set) var count = 0

    /// Writes to `slices`, which outlives the writer.
    init(_ slices: UnsafeMutablePointer<grpc_slice_buffer>) {
        self.slices = slices
    }

    /// Appends a copy of `bytes`.
    public mutating func append(_ bytes: [UInt8]) {
        append(copying: bytes.span)
    }

    /// Appends a copy of `bytes`: up to 23 need no allocation, more need one.
    public mutating func append(copying bytes: Span<UInt8>) {
        guard !bytes.isEmpty else { return }
        grpc_slice_buffer_add(slices, CoreSlice.copying(bytes))
        count += bytes.count
    }

    /// Appends a range of a block's bytes, by reference.
    ///
    /// - Precondition: The range lies within the block.
    public mutating func append(_ block: SharedBlock, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        grpc_slice_buffer_add(slices, block.makeSlice(range))
        count += range.count
    }

    /// Appends the pieces of a payload; those of its pieces that are written when the message is sent are written now.
    public mutating func append(_ payload: RPCPayload) {
        payload.write(to: slices)
        count += payload.count
    }
}

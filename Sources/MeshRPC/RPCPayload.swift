internal import CGRPC

/// An outgoing message: pieces that are sent one after another.
///
/// A piece of a ``SharedBlock`` is referred to, a piece of an array is copied once, into the message. A piece that is
/// written when the message is sent decides for each of its parts, see ``RPCPayloadSink``.
public struct RPCPayload: Sendable {
    enum Piece: Sendable {
        case bytes([UInt8])
        case block(SharedBlock, Range<Int>)
        case written(@Sendable (inout RPCPayloadSink) -> Void)
    }

    private(set) var pieces: [Piece] = []

    /// The number of bytes.
    public private(set) var count = 0

    /// An empty message.
    public init() {}

    /// A message of one piece.
    public init(_ bytes: [UInt8]) {
        append(bytes)
    }

    /// Appends bytes.
    public mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        pieces.append(.bytes(bytes))
        count += bytes.count
    }

    /// Appends a range of a block's bytes without copying them.
    ///
    /// - Precondition: The range lies within the block.
    public mutating func append(_ block: SharedBlock, _ range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= block.count,
            "bytes \(range) of a block of \(block.count)"
        )
        guard !range.isEmpty else { return }
        pieces.append(.block(block, range))
        count += range.count
    }

    /// Appends what `write` gives its argument. It is called when the message is handed to core, once if the message is
    /// sent once.
    ///
    /// - Parameter count: How many bytes `write` appends.
    public mutating func append(count: Int, writing write: @escaping @Sendable (inout RPCPayloadSink) -> Void) {
        guard count > 0 else { return }
        pieces.append(.written(write))
        self.count += count
    }

    /// The message as core wants it; the caller owns the result.
    func makeByteBuffer() -> UnsafeMutablePointer<grpc_byte_buffer>? {
        guard let message = grpc_raw_byte_buffer_create(nil, 0), let slices = cgrpc_slices_of(message) else {
            return nil
        }
        write(to: slices)
        assert(grpc_byte_buffer_length(message) == count, "a message of \(count) bytes was written with others")
        return message
    }

    /// Appends the message to core's slices.
    func write(to slices: UnsafeMutablePointer<grpc_slice_buffer>) {
        // Appended in place, so that a message of many slices needs no second list of them.
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): grpc_slice_buffer_add(slices, CoreSlice.copying(bytes))
            case .block(let block, let range): grpc_slice_buffer_add(slices, block.makeSlice(range))
            case .written(let write):
                var sink = RPCPayloadSink(slices)
                write(&sink)
                sink.finish()
            }
        }
    }
}

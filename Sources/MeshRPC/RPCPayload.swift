internal import CGRPC

/// An outgoing message: pieces that are sent one after another.
///
/// A piece of a ``SharedBlock`` is referred to, a piece of an array is copied once, into the message.
public struct RPCPayload: Sendable {
    enum Piece: Sendable {
        case bytes([UInt8])
        case block(SharedBlock, Range<Int>)
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

    /// The message as core wants it; the caller owns the result.
    func makeByteBuffer() -> UnsafeMutablePointer<grpc_byte_buffer>? {
        withUnsafeTemporaryAllocation(of: grpc_slice.self, capacity: max(pieces.count, 1)) { slices in
            var used = 0
            for piece in pieces {
                slices.initializeElement(at: used, to: piece.makeSlice())
                used += 1
            }
            // Takes its own references.
            let buffer = grpc_raw_byte_buffer_create(slices.baseAddress, used)
            for index in 0..<used { grpc_slice_unref(slices[index]) }
            return buffer
        }
    }
}

extension RPCPayload.Piece {
    /// The piece as a slice, which the caller must release.
    fileprivate func makeSlice() -> grpc_slice {
        switch self {
        case .bytes(let bytes): CoreSlice.copying(bytes)
        case .block(let block, let range): block.makeSlice(range)
        }
    }
}

internal import CGRPC

/// Immutable bytes in one allocation that many messages on many streams refer to without copying.
///
/// A message that waits for a slow client then costs a reference and not a copy. The allocation is a slice of C core,
/// counted by core itself, and lives until the block and every message that refers to it are gone.
///
/// `@unchecked Sendable` holds because the bytes are written in `init` only, and core counts references atomically.
public final class SharedBlock: @unchecked Sendable {
    private let slice: grpc_slice

    /// The number of bytes.
    public let count: Int

    /// Copies `bytes` into a new block.
    public convenience init(_ bytes: [UInt8]) {
        self.init(capacity: bytes.count) { output in
            for byte in bytes.span.indices { output.append(bytes[byte]) }
        }
    }

    /// Makes a block of at most `capacity` bytes of what `writing` writes.
    public init<Failure: Error>(
        capacity: Int,
        writing: (inout OutputSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        // Never an inlined slice, however small: its bytes would move with the struct.
        var slice = grpc_slice_malloc_large(max(capacity, 1))
        let start = slice.data.refcounted.bytes
        let buffer = UnsafeMutableBufferPointer(start: start, count: capacity)
        var output = OutputSpan(buffer: buffer, initializedCount: 0)
        do {
            try writing(&output)
        } catch {
            grpc_slice_unref(slice)
            throw error
        }
        count = output.finalize(for: buffer)
        slice.data.refcounted.length = count
        self.slice = slice
    }

    deinit {
        grpc_slice_unref(slice)
    }

    /// A slice of the block's bytes, which the caller must release.
    ///
    /// - Precondition: The range lies within the block.
    func makeSlice(_ range: Range<Int>) -> grpc_slice {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes \(range) of a block of \(count)")
        return grpc_slice_sub(slice, range.lowerBound, range.upperBound)
    }

    /// Calls `body` with the bytes.
    public func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let buffer = UnsafeBufferPointer(start: slice.data.refcounted.bytes, count: count)
        return try body(buffer.span)
    }
}

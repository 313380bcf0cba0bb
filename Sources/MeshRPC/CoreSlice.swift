internal import CGRPC

/// Between core's slices and Swift's bytes and strings.
enum CoreSlice {
    /// A slice with a copy of `bytes`, which the caller must release.
    static func copying(_ bytes: [UInt8]) -> grpc_slice {
        copying(bytes.span)
    }

    /// A slice with a copy of `bytes`, which the caller must release.
    static func copying(_ bytes: Span<UInt8>) -> grpc_slice {
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return grpc_empty_slice() }
            return grpc_slice_from_copied_buffer(start.assumingMemoryBound(to: CChar.self), buffer.count)
        }
    }

    /// A slice with a copy of a text's UTF-8, which the caller must release.
    static func copying(_ text: String) -> grpc_slice {
        copying(Array(text.utf8))
    }

    /// Calls `body` with the bytes of a slice, wherever they lie.
    static func withBytes<Result>(_ slice: grpc_slice, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard slice.refcount != nil else {
            // The bytes lie in the struct itself.
            return withUnsafeBytes(of: slice.data.inlined.bytes) { bytes in
                body(UnsafeRawBufferPointer(rebasing: bytes[..<Int(slice.data.inlined.length)]))
            }
        }
        return body(UnsafeRawBufferPointer(start: slice.data.refcounted.bytes, count: slice.data.refcounted.length))
    }

    /// The slice's bytes as text; what is not UTF-8 becomes the replacement character.
    static func text(_ slice: grpc_slice) -> String {
        withBytes(slice) { String(decoding: $0, as: UTF8.self) }
    }
}

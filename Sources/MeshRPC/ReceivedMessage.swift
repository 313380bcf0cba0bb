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

    /// The number of bytes.
    var count: Int { grpc_byte_buffer_length(buffer) }

    /// The bytes, copied.
    ///
    /// - Complexity: O(bytes).
    func bytes() -> [UInt8] {
        let total = count
        var reader = grpc_byte_buffer_reader()
        guard total > 0, grpc_byte_buffer_reader_init(&reader, buffer) != 0 else { return [] }
        defer { grpc_byte_buffer_reader_destroy(&reader) }
        return [UInt8](unsafeUninitializedCapacity: total) { target, filled in
            var piece: UnsafeMutablePointer<grpc_slice>?
            while grpc_byte_buffer_reader_peek(&reader, &piece) != 0, let slice = piece?.pointee {
                CoreSlice.withBytes(slice) { bytes in
                    let rest = UnsafeMutableRawBufferPointer(target)[filled...]
                    let fitting = bytes.prefix(rest.count)
                    UnsafeMutableRawBufferPointer(rebasing: rest).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: fitting)
                    )
                    filled += fitting.count
                }
            }
        }
    }
}

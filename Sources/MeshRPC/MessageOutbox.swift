internal import CGRPC

/// The place in which a thread of the transport puts a message together, one at a time.
///
/// Core takes the slices out when the sending is started (`grpc_op`: "takes ownership of the slices"), so that the place
/// is free for the next message, of whichever stream, when the start has returned.
///
/// `@unchecked Sendable` holds because the pointers never change and what they point to is used by one thread.
final class MessageOutbox: @unchecked Sendable {
    /// What core is given.
    let buffer: UnsafeMutablePointer<grpc_byte_buffer>
    /// The parts of it.
    let slices: UnsafeMutablePointer<grpc_slice_buffer>

    init() {
        guard let buffer = grpc_raw_byte_buffer_create(nil, 0), let slices = cgrpc_slices_of(buffer) else {
            preconditionFailure("gRPC's core made no buffer")
        }
        self.buffer = buffer
        self.slices = slices
    }

    deinit {
        grpc_byte_buffer_destroy(buffer)
    }

    /// The number of bytes in it.
    var count: Int { slices.pointee.length }

    /// Drops what was put into it.
    func clear() {
        grpc_slice_buffer_reset_and_unref(slices)
    }
}

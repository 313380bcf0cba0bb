internal import CGRPC

/// The owner of one of core's channels.
///
/// `@unchecked Sendable` holds because the pointer never changes, core's channels may be used from any thread, and
/// ``RPCChannel`` makes no call after it has destroyed the channel.
final class CoreChannel: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// Makes a call whose events arrive at a shard's queue.
    func makeCall(_ method: RPCMethod, on shard: Shard, deadline: gpr_timespec) -> CoreCall? {
        let path = CoreSlice.copying(method.path)
        defer { grpc_slice_unref(path) }
        let propagateDefaults: UInt32 = 0xFFFF
        let call = grpc_channel_create_call(pointer, nil, propagateDefaults, shard.queue, path, nil, deadline, nil)
        return call.map { CoreCall($0) }
    }

    /// Gives the channel up; to be called once. Core ends what is left of it by itself.
    func destroy() {
        grpc_channel_destroy(pointer)
    }
}

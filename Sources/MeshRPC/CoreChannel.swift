internal import CGRPC

/// The owner of one of core's channels; the channel, with its connection, lives as long as this does.
///
/// `@unchecked Sendable` holds because the pointer never changes and core's channels may be used from any thread.
final class CoreChannel: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// Makes a channel, which connects when it gets its first call; `nil` if core makes none.
    init?(_ configuration: RPCChannelConfiguration, hook: VerifierHook) {
        let credentials = CoreCredentials.makeClient(configuration.credentials, hook)
        defer { grpc_channel_credentials_release(credentials) }
        let created = configuration.arguments.withCoreArguments { arguments in
            grpc_channel_create(configuration.target, credentials, arguments)
        }
        guard let created else { return nil }
        pointer = created
    }

    deinit {
        // Core ends what is left of it by itself.
        grpc_channel_destroy(pointer)
    }

    /// Whether the last attempt to connect failed. Core then tries again by itself, and fails calls meanwhile.
    var isFailing: Bool {
        grpc_channel_check_connectivity_state(pointer, 0) == GRPC_CHANNEL_TRANSIENT_FAILURE
    }

    /// Makes a call whose events arrive at a shard's queue.
    func makeCall(_ method: RPCMethod, on shard: RPCShard, deadline: gpr_timespec) -> CoreCall? {
        let path = CoreSlice.copying(method.path)
        defer { grpc_slice_unref(path) }
        let propagateDefaults: UInt32 = 0xFFFF
        let call = grpc_channel_create_call(pointer, nil, propagateDefaults, shard.queue, path, nil, deadline, nil)
        return call.map { CoreCall($0) }
    }
}

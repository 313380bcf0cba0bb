internal import CGRPC

/// The owner of one of core's resource quotas.
///
/// Core counts the buffers that it reads into against it, and reads less, closes connections without calls and ends
/// streams when it runs out. It does not count what TLS takes for a connection, nor messages that are sent.
///
/// `@unchecked Sendable` holds because the pointer never changes and core's quotas may be used from any thread.
final class MemoryQuota: @unchecked Sendable {
    let pointer: OpaquePointer

    /// `nil` if core makes none.
    init?(bytes: Int) {
        guard let quota = grpc_resource_quota_create("clustermesh") else { return nil }
        grpc_resource_quota_resize(quota, bytes)
        pointer = quota
    }

    deinit {
        // Servers that were made with it keep references of their own.
        grpc_resource_quota_unref(pointer)
    }
}

extension MemoryQuota: Hashable {
    static func == (left: MemoryQuota, right: MemoryQuota) -> Bool { left === right }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

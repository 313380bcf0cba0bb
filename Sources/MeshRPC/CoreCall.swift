internal import CGRPC
internal import MeshCore

/// The owner of one of core's calls, of either side; the call lives as long as this does.
///
/// Every batch in flight holds one, so no order of release needs to be kept elsewhere.
///
/// `@unchecked Sendable` holds because the pointer never changes and core's calls may be used from any thread.
final class CoreCall: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over a call.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        grpc_call_unref(pointer)
    }

    /// Ends the call at once, from any thread; its outstanding operations complete without success.
    func cancel() {
        grpc_call_cancel(pointer, nil)
    }

    /// Ends the call at once with a status that the other side is told if that is still possible.
    func cancel(_ status: RPCStatus) {
        // Core copies the text.
        grpc_call_cancel_with_status(
            pointer,
            grpc_status_code(rawValue: status.code.rawValue),
            status.boundedMessage,
            nil
        )
    }

    /// The other side's address as core writes it, for example `ipv4:127.0.0.1:4711`.
    var peerAddress: String {
        guard let text = grpc_call_get_peer(pointer) else { return "" }
        defer { gpr_free(text) }
        return String(cString: text)
    }

    /// What the other side showed at the handshake of the call's connection; `nil` without a handshake.
    var authContext: CoreAuthContext? { grpc_call_auth_context(pointer).map { CoreAuthContext($0) } }
}

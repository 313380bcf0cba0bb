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

    /// The certificate that the other side showed, and its chain, both PEM text; empty without one.
    var peerCertificate: (leaf: String, chain: String) {
        guard let context = grpc_call_auth_context(pointer) else { return ("", "") }
        defer { grpc_auth_context_release(context) }
        func property(_ name: String) -> String {
            // The iterator keeps the pointer to the name.
            name.withCString { name in
                var iterator = grpc_auth_context_find_properties_by_name(context, name)
                guard let property = grpc_auth_property_iterator_next(&iterator) else { return "" }
                let bytes = UnsafeRawBufferPointer(start: property.pointee.value, count: property.pointee.value_length)
                return String(decoding: bytes, as: UTF8.self)
            }
        }
        return (property(GRPC_X509_PEM_CERT_PROPERTY_NAME), property(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME))
    }
}

extension PeerVerifier {
    /// The verdict of now on a certificate and its chain, both PEM text; without a certificate the text is empty.
    func judge(leaf: String, chain: String, expected: ExpectedPeer) -> Verdict {
        guard !leaf.isEmpty else { return .failure(PeerVerificationError("the peer showed no certificate")) }
        return verify(leaf, chain, expected)
    }
}

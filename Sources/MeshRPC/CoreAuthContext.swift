internal import CGRPC
internal import MeshCore

/// The owner of a reference to what a connection's handshake brought to light. All calls of a connection have the same
/// one.
///
/// `@unchecked Sendable` holds because the pointer never changes, and core counts references to it, and reads it, from
/// any thread; it is complete before the connection's first call.
final class CoreAuthContext: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// Takes over a reference.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        grpc_auth_context_release(pointer)
    }

    /// Which one it is, among all of which somebody has a reference.
    var identity: UInt { UInt(bitPattern: pointer) }

    /// The certificate that the other side showed, and its chain, both PEM text; empty without one.
    var certificate: (leaf: String, chain: String) {
        (property(GRPC_X509_PEM_CERT_PROPERTY_NAME), property(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME))
    }

    private func property(_ name: String) -> String {
        // The iterator keeps the pointer to the name.
        name.withCString { name in
            var iterator = grpc_auth_context_find_properties_by_name(pointer, name)
            guard let property = grpc_auth_property_iterator_next(&iterator) else { return "" }
            let bytes = UnsafeRawBufferPointer(start: property.pointee.value, count: property.pointee.value_length)
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension PeerVerifier {
    /// What judges a certificate and its chain, both PEM text; without a certificate the text is empty.
    func judge(of certificate: (leaf: String, chain: String)) -> Judge {
        guard !certificate.leaf.isEmpty else {
            return { _ in .failure(PeerVerificationError("the peer showed no certificate")) }
        }
        return reading(certificate.leaf, certificate.chain)
    }
}

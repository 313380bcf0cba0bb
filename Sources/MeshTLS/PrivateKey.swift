internal import COpenSSL

/// One private key.
struct PrivateKey: ~Copyable {
    private let object: OpenSSLObject

    var pointer: OpaquePointer { object.pointer }

    /// Makes a new key on the curve P-256.
    init() throws(TLSError) {
        object = try OpenSSLObject(cmesh_generate_p256_key(), "making a key", free: EVP_PKEY_free)
    }

    /// Reads the first private key of a PEM text.
    ///
    /// - Throws: ``TLSError``: no key, a damaged key, or one under a pass phrase.
    init(pem: String) throws(TLSError) {
        try PEMLimits.check(pem)
        let pointer = try OpenSSLText.read(pem) { (buffer) throws(TLSError) -> OpaquePointer? in
            // Without a function of ours, OpenSSL would ask for the pass phrase at the terminal.
            PEM_read_bio_PrivateKey(buffer, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let pointer else {
            let mentionsKey = pem.contains("PRIVATE KEY-----")
            guard mentionsKey else { throw TLSError(.noKey, "holds no PEM private key") }
            guard !pem.contains("ENCRYPTED") else {
                throw TLSError(.noKey, "the private key is under a pass phrase; store it without one, with mode 0600")
            }
            throw TLSError(.malformed, "the private key is damaged", cause: OpenSSLFailure.text)
        }
        object = try OpenSSLObject(pointer, "reading a key", free: EVP_PKEY_free)
    }

    /// The key as unencrypted PKCS #8.
    var pem: String {
        get throws(TLSError) {
            let pointer = pointer
            return try OpenSSLText.written("writing a key") { buffer in
                PEM_write_bio_PKCS8PrivateKey(buffer, pointer, nil, nil, 0, nil, nil)
            }
        }
    }
}

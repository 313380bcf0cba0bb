public import MeshCore

/// A certificate with its private key.
public struct IssuedCertificate: Hashable, Sendable {
    /// The certificate, as PEM text.
    public var certificatePEM: String

    /// Its private key, as PEM text.
    public var privateKeyPEM: String

    /// Pairs a certificate with its key; nothing is checked here.
    public init(certificatePEM: String, privateKeyPEM: String) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    /// What a connection needs: this certificate, and the roots that the other side's is checked against.
    public func credentials(trusting roots: String) -> TLSCredentials {
        TLSCredentials(certificateChain: certificatePEM, privateKey: privateKeyPEM, trustedRoots: roots)
    }

    /// Writes the two files, the key with mode 0600 from its first byte on; their directory must be there.
    ///
    /// - Parameter replacing: Whether files that are there already are replaced; if not, and one is, neither is
    ///   written.
    /// - Throws: ``TLSError`` that names the file at fault.
    public func write(certificate: String, key: String, replacing: Bool = false) throws(TLSError) {
        if !replacing {
            for file in [certificate, key] where PEMFile.exists(file) {
                throw TLSError(.fileExists, "the file is there already and was left as it is", file: file)
            }
        }
        // The key first: a certificate that can be seen has its key beside it.
        try PEMFile.save(privateKeyPEM, to: key, access: .owner, replacing: replacing)
        try PEMFile.save(certificatePEM, to: certificate, access: .everybody, replacing: replacing)
    }
}

extension IssuedCertificate: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never shows the private key.
    public var description: String { "IssuedCertificate(certificate and key not shown)" }

    /// Never shows the private key.
    public var debugDescription: String { description }
}

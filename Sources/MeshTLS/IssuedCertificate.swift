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
}

extension IssuedCertificate: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never shows the private key.
    public var description: String { "IssuedCertificate(certificate and key not shown)" }

    /// Never shows the private key.
    public var debugDescription: String { description }
}

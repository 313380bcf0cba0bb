/// What one side of a mutual TLS connection shows and trusts, as PEM text.
public struct TLSCredentials: Hashable, Sendable {
    /// The own certificate, followed by the certificates between it and the root, if there are any.
    public var certificateChain: String

    /// The private key of the own certificate.
    public var privateKey: String

    /// The certificates of the authorities that the other side's certificate may come from.
    public var trustedRoots: String

    /// Makes credentials; nothing is checked here.
    public init(certificateChain: String, privateKey: String, trustedRoots: String) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.trustedRoots = trustedRoots
    }
}

extension TLSCredentials: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never shows the private key.
    public var description: String { "TLSCredentials(certificate, key and roots not shown)" }

    /// Never shows the private key.
    public var debugDescription: String { description }
}

/// Who the other side is, by the certificate it showed and proved to hold.
public struct PeerIdentity: Hashable, Sendable {
    /// The subject's common name.
    public var commonName: String?
    /// The DNS names among the subject's alternative names.
    public var dnsNames: [String]
    /// The URIs among the subject's alternative names.
    public var uris: [String]
    /// The IP addresses among the subject's alternative names, as text.
    public var ipAddresses: [String]
    /// The issuer's name, on one line.
    public var issuer: String
    /// The serial number, in hexadecimal.
    public var serialNumber: String
    /// The SHA-256 of the certificate, in hexadecimal.
    public var fingerprint: String
    /// When the certificate ends, in seconds since 1970.
    public var notAfter: Int64
    /// The other certificates that were shown with this one, which may lead from it to the root.
    public var intermediates: [CertificateID]

    /// Makes an identity.
    public init(
        commonName: String?,
        dnsNames: [String] = [],
        uris: [String] = [],
        ipAddresses: [String] = [],
        issuer: String = "",
        serialNumber: String = "",
        fingerprint: String = "",
        notAfter: Int64 = 0,
        intermediates: [CertificateID] = []
    ) {
        self.commonName = commonName
        self.dnsNames = dnsNames
        self.uris = uris
        self.ipAddresses = ipAddresses
        self.issuer = issuer
        self.serialNumber = serialNumber
        self.fingerprint = fingerprint
        self.notAfter = notAfter
        self.intermediates = intermediates
    }

    /// Which certificate it is.
    public var certificate: CertificateID {
        CertificateID(issuer: issuer, serialNumber: serialNumber, fingerprint: fingerprint)
    }
}

/// Which certificate is meant, of all that there are.
public struct CertificateID: Hashable, Sendable {
    /// The issuer's name, on one line.
    public var issuer: String
    /// The serial number, in hexadecimal.
    public var serialNumber: String
    /// The SHA-256 of the certificate, in hexadecimal.
    public var fingerprint: String

    /// Names a certificate.
    public init(issuer: String, serialNumber: String, fingerprint: String) {
        self.issuer = issuer
        self.serialNumber = serialNumber
        self.fingerprint = fingerprint
    }
}

/// What the verifying side expects of the certificate it is shown.
public enum ExpectedPeer: Hashable, Sendable {
    /// A server expects a client.
    case client
    /// A client expects the server of `cluster` (`nil`: of no particular cluster), reached under one of `hosts`.
    case server(cluster: ClusterName?, hosts: [String])
}

/// A certificate that was refused, and why.
public struct PeerVerificationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why, in words for an operator.
    public var message: String

    /// Makes an error.
    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}

/// Decides whether the holder of a certificate is the expected peer.
///
/// It runs at every handshake, after the chain was found to lead to a trusted root, on a thread of the transport:
/// it must not wait, and must be a pure function of its arguments and of state that it reads without waiting. A server
/// has it judge again at every call of the connection.
public struct PeerVerifier: Sendable {
    /// What a verifier says.
    public typealias Verdict = Result<PeerIdentity, PeerVerificationError>

    /// Judges one certificate as of now: what can change, such as the time and what is revoked, it looks at anew.
    public typealias Judge = @Sendable (_ expected: ExpectedPeer) -> Verdict

    /// Reads a leaf certificate and its chain, both PEM text, once for all the times that they are judged.
    public let reading: @Sendable (_ leaf: String, _ chain: String) -> Judge

    /// Makes a verifier of a function that reads a leaf and its chain and returns what judges them.
    public init(reading: @escaping @Sendable (_ leaf: String, _ chain: String) -> Judge) {
        self.reading = reading
    }

    /// Makes a verifier of a function that reads and judges a leaf and its chain each time.
    public init(_ verify: @escaping @Sendable (_ leaf: String, _ chain: String, _ expected: ExpectedPeer) -> Verdict) {
        reading = { leaf, chain in { expected in verify(leaf, chain, expected) } }
    }

    /// Judges a leaf certificate and its chain, both PEM text.
    public func verify(_ leaf: String, _ chain: String, _ expected: ExpectedPeer) -> Verdict {
        reading(leaf, chain)(expected)
    }
}

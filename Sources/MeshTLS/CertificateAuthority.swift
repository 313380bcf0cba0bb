internal import COpenSSL
public import MeshCore

/// An authority that issues the certificates of a mesh: keys on P-256, signatures with SHA-256.
///
/// An authority is usually shared: clusters that trust the same one need no more to trust each other. Each method
/// works on its own and may be called from any thread; making a key and a signature takes well under a millisecond.
public struct CertificateAuthority: Sendable {
    /// How long an authority lasts if nothing else is said: ten years.
    public static let defaultValidity: Duration = .seconds(3_650 * 86_400)

    /// How long a server's or client's certificate lasts if nothing else is said: three years, as Cilium's do.
    public static let defaultLeafValidity: Duration = .seconds(1_095 * 86_400)

    /// The longest validity that is issued: a hundred years.
    public static let maximumValidity: Duration = .seconds(36_500 * 86_400)

    /// A new certificate begins this long before now, because clocks of clusters differ: five minutes, in seconds.
    static let allowedClockDifference: Int64 = 300

    /// The authority's certificate, and whatever other roots its file named behind it, as PEM text.
    public let certificatePEM: String

    /// The authority's private key, as PEM text.
    let privateKeyPEM: String

    /// Takes an authority's certificate and key; of several certificates the first must be the authority's.
    ///
    /// - Throws: ``TLSError``: no PEM text, a key that is not the certificate's, or a certificate that may not issue.
    public init(certificatePEM: String, privateKeyPEM: String) throws(TLSError) {
        try OpenSSLFailure.contained { () throws(TLSError) in
            let certificate = try X509Certificate(firstOf: certificatePEM)
            let key = try PrivateKey(pem: privateKeyPEM)
            guard X509_check_private_key(certificate.pointer, key.pointer) == 1 else {
                throw TLSError(.keyMismatch, "the private key is not the key of the authority's certificate")
            }
            guard X509_check_ca(certificate.pointer) == 1 else {
                throw TLSError(.notAnAuthority, "the certificate is not an authority's: it may not issue others")
            }
        }
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    /// Makes a new authority with a new key, which begins five minutes ago.
    ///
    /// - Throws: ``TLSError`` if the name or the validity cannot be used.
    public static func create(
        commonName: String, validity: Duration = defaultValidity
    ) throws(TLSError) -> CertificateAuthority {
        let (notBefore, notAfter) = try times(validity: validity, notBefore: nil)
        let (certificate, key) = try OpenSSLFailure.contained { () throws(TLSError) -> (String, String) in
            let key = try PrivateKey()
            let request = CertificateRequest(
                role: .authority, commonName: commonName, notBefore: notBefore, notAfter: notAfter
            )
            return (try request.sign(key, issuer: nil, issuerKey: key), try key.pem)
        }
        return try CertificateAuthority(certificatePEM: certificate, privateKeyPEM: key)
    }

    /// Issues a certificate for the endpoint of a cluster, good for servers only.
    ///
    /// Its names are `<cluster>.mesh.cilium.io`, `localhost`, 127.0.0.1 and ::1, and the given ones.
    ///
    /// - Parameters:
    ///   - validity: How long it lasts; it never outlasts the authority.
    ///   - notBefore: When it begins, in seconds since 1970; `nil` is five minutes ago.
    /// - Throws: ``TLSError`` if a name, an address or the validity cannot be used, or the authority has ended.
    public func issueServer(
        cluster: ClusterName,
        extraDNSNames: [String] = [],
        extraIPAddresses: [String] = [],
        validity: Duration = defaultLeafValidity,
        notBefore: Int64? = nil
    ) throws(TLSError) -> IssuedCertificate {
        var addresses: [IPAddress] = []
        for text in ["127.0.0.1", "::1"] + extraIPAddresses {
            guard let address = IPAddress(host: text) else {
                throw TLSError(.invalidRequest, "'\(text.prefix(80))' is not an IP address")
            }
            if !addresses.contains(address) { addresses.append(address) }
        }
        var names: [String] = []
        for name in ["\(cluster).\(MeshDomain.name)", "localhost"] + extraDNSNames where !names.contains(name) {
            names.append(name)
        }
        // Names of clusters are short enough that the common name always fits its 64 characters.
        return try issue(
            .server, commonName: "\(cluster).\(MeshDomain.name)", dnsNames: names, ipAddresses: addresses,
            validity: validity, notBefore: notBefore
        )
    }

    /// Issues a certificate for a client, good for clients only.
    ///
    /// - Parameters:
    ///   - commonName: What servers know the client by, for example `remote-hurup`.
    ///   - validity: How long it lasts; it never outlasts the authority.
    ///   - notBefore: When it begins, in seconds since 1970; `nil` is five minutes ago.
    /// - Throws: ``TLSError`` if a name or the validity cannot be used, or the authority has ended.
    public func issueClient(
        commonName: String,
        dnsNames: [String] = [],
        uris: [String] = [],
        validity: Duration = defaultLeafValidity,
        notBefore: Int64? = nil
    ) throws(TLSError) -> IssuedCertificate {
        try issue(
            .client, commonName: commonName, dnsNames: dnsNames, uris: uris, validity: validity, notBefore: notBefore
        )
    }

    /// Issues a certificate that says exactly what is asked, with none of the usual names.
    package func issueExactly(
        _ purpose: CertificatePurpose,
        commonName: String,
        dnsNames: [String] = [],
        uris: [String] = [],
        ipAddresses: [String],
        validity: Duration = defaultLeafValidity,
        notBefore: Int64? = nil
    ) throws(TLSError) -> IssuedCertificate {
        try issue(
            purpose, commonName: commonName, dnsNames: dnsNames, uris: uris,
            ipAddresses: ipAddresses.compactMap { IPAddress(host: $0) }, validity: validity, notBefore: notBefore
        )
    }

    private func issue(
        _ purpose: CertificatePurpose,
        commonName: String,
        dnsNames: [String] = [],
        uris: [String] = [],
        ipAddresses: [IPAddress] = [],
        validity: Duration,
        notBefore: Int64?
    ) throws(TLSError) -> IssuedCertificate {
        let (begin, end) = try Self.times(validity: validity, notBefore: notBefore)
        let (certificate, key) = try OpenSSLFailure.contained { () throws(TLSError) -> (String, String) in
            let issuer = try X509Certificate(firstOf: certificatePEM)
            let issuerEnd = try X509Fields.seconds(X509_get0_notAfter(issuer.pointer))
            guard issuerEnd > UTCTime.now else {
                throw TLSError(.expired, "the authority's certificate ended at \(UTCTime.text(issuerEnd))")
            }
            let key = try PrivateKey()
            let request = CertificateRequest(
                role: purpose == .server ? .server : .client, commonName: commonName, dnsNames: dnsNames, uris: uris,
                ipAddresses: ipAddresses, notBefore: begin, notAfter: min(end, issuerEnd)
            )
            let issuerKey = try PrivateKey(pem: privateKeyPEM)
            return (try request.sign(key, issuer: issuer.pointer, issuerKey: issuerKey), try key.pem)
        }
        return IssuedCertificate(certificatePEM: certificate, privateKeyPEM: key)
    }

    static func times(
        validity: Duration, notBefore: Int64?
    ) throws(TLSError) -> (notBefore: Int64, notAfter: Int64) {
        guard validity >= .seconds(1), validity <= maximumValidity else {
            throw TLSError(
                .invalidRequest,
                "a validity of \(validity.components.seconds) s is not between a second and a hundred years"
            )
        }
        let begin = notBefore ?? UTCTime.now - allowedClockDifference
        // X.509 knows the years 0 to 9999; nobody needs one before 1970.
        guard begin >= 0, begin <= 200_000_000_000 else {
            throw TLSError(.invalidRequest, "a certificate cannot begin \(begin) s after 1970")
        }
        let end = (notBefore ?? UTCTime.now) + validity.components.seconds
        return (begin, end)
    }
}

extension CertificateAuthority: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never shows the private key.
    public var description: String { "CertificateAuthority(certificate and key not shown)" }

    /// Never shows the private key.
    public var debugDescription: String { description }
}

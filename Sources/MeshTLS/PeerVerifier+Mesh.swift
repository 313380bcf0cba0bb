public import MeshCore

extension PeerVerifier {
    /// The rules of a mesh, on top of the transport's check that the chain leads to a trusted root.
    ///
    /// - The certificate must be valid now, and its extended key usage must say that it is for the end that shows it:
    ///   a server's certificate is no client's, nor the reverse.
    /// - If a certain cluster's server is expected and the certificate has DNS names under `mesh.cilium.io`, one of
    ///   them must be `<cluster>.mesh.cilium.io` or, literally, `*.mesh.cilium.io`.
    /// - Otherwise the server's certificate must name one of the hosts it was reached at: an address by its value, a
    ///   name without regard to case, where a `*` stands for one whole left-most label (RFC 6125).
    ///
    /// It parses some kilobytes, once for a connection, compares, and never waits: the state it reads is the clock and what
    /// the last few hundred certificates were found to say, which is theirs for ever; whom it makes their holders is
    /// judged anew every time.
    ///
    /// - Parameter now: The clock, in seconds since 1970; `nil` is the system's.
    public static func mesh(now: (@Sendable () -> Int64)? = nil) -> PeerVerifier {
        let known = KnownCertificates()
        // The chain has been verified already; it only says over which authorities the peer comes.
        return PeerVerifier(reading: { leaf, chain in
            let certificate: CertificateDescription
            var identity: PeerIdentity
            do throws(TLSError) {
                let shown = try known.certificates(leaf: leaf, chain: chain)
                certificate = shown.leaf
                identity = PeerIdentity(shown.leaf)
                identity.intermediates = shown.intermediates
            } catch {
                let refusal = PeerVerificationError("the peer's certificate cannot be read: \(error)")
                return { _ in .failure(refusal) }
            }
            return { [identity] expected in
                do throws(PeerVerificationError) {
                    try PeerRules.check(certificate, expected, at: now?() ?? UTCTime.now)
                    return .success(identity)
                } catch {
                    return .failure(error)
                }
            }
        })
    }
}

extension PeerIdentity {
    /// Who a certificate says its holder is.
    public init(_ certificate: CertificateDescription) {
        self.init(
            commonName: certificate.commonName,
            dnsNames: certificate.dnsNames,
            uris: certificate.uris,
            ipAddresses: certificate.ipAddresses,
            issuer: certificate.issuer,
            serialNumber: certificate.serialNumber,
            fingerprint: certificate.fingerprint,
            notAfter: certificate.notAfter
        )
    }
}

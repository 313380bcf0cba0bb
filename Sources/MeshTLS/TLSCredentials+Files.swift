public import MeshCore

extension TLSCredentials {
    /// Reads one side's certificate, key and trusted roots from PEM files, and checks what can be checked before a
    /// peer does: each file holds what it should, the key is the certificate's, and the certificate is valid now and
    /// is for `purpose`.
    ///
    /// Whether the peer trusts the certificate is not for this side to say: its own roots need not lead to it.
    ///
    /// - Parameters:
    ///   - certificate: The file of the own certificate, with those between it and the root behind it.
    ///   - key: The file of its private key.
    ///   - roots: The file of the certificates of the trusted authorities.
    ///   - purpose: The end of the connection that the certificate is for.
    ///   - now: The time to check validity at, in seconds since 1970; `nil` is the present.
    /// - Throws: ``TLSError`` that names the file at fault.
    public static func load(
        certificate: String, key: String, roots: String, purpose: CertificatePurpose, at now: Int64? = nil
    ) throws(TLSError) -> TLSCredentials {
        let credentials = TLSCredentials(
            certificateChain: try PEMFile.text(of: certificate),
            privateKey: try PEMFile.text(of: key),
            trustedRoots: try PEMFile.text(of: roots)
        )
        do throws(TLSError) {
            try credentials.checkCertificate(for: purpose, at: now)
        } catch {
            throw error.inFile(certificate)
        }
        do throws(TLSError) {
            try CertificateInspector.checkKey(credentials.privateKey, of: credentials.certificateChain)
        } catch {
            let message = error.code == .keyMismatch ? "this is not the private key of \(certificate)" : error.message
            throw TLSError(error.code, message, file: key, cause: error.cause)
        }
        do throws(TLSError) {
            try credentials.checkRoots()
        } catch {
            throw error.inFile(roots)
        }
        return credentials
    }

    /// Throws unless these credentials are what ``load(certificate:key:roots:purpose:at:)`` would return: so a server
    /// that runs can be given them.
    ///
    /// - Throws: ``TLSError`` that says what is wrong, and names no file.
    public func check(for purpose: CertificatePurpose, at now: Int64? = nil) throws(TLSError) {
        try checkCertificate(for: purpose, at: now)
        try CertificateInspector.checkKey(privateKey, of: certificateChain)
        try checkRoots()
    }

    private func checkCertificate(for purpose: CertificatePurpose, at now: Int64?) throws(TLSError) {
        let own = try CertificateInspector.inspectFirst(pem: certificateChain)
        try own.checkValidity(at: now ?? UTCTime.now)
        try own.checkPurpose(purpose)
        // What stands behind the own one must be readable for the transport, too.
        _ = try CertificateInspector.count(pem: certificateChain)
    }

    /// Only that they can be read: a bundle of public roots has names that a mesh would not take from a peer.
    private func checkRoots() throws(TLSError) {
        _ = try CertificateInspector.count(pem: trustedRoots)
    }
}

public import MeshCore

/// Where a cluster's certificates and keys are. There is one layout, for every command and for the library:
///
/// | File | What is in it |
/// | --- | --- |
/// | `ca.crt` | the authorities that the cluster trusts; in front the one that issues for it |
/// | `ca.key` | the authority's private key, only where the authority was made; needed to issue, never to run |
/// | `server.crt`, `server.key` | what the cluster's endpoint shows |
/// | `clients/<common name>.crt`, `.key` | what a client shows, for example `clients/remote-hurup.crt` |
///
/// All are PEM text; keys have mode 0600. A file appears whole or not at all. A pair is two files: who reads between
/// the two gets ``TLSError/Code/keyMismatch`` and may try again.
public struct ClusterDirectory: Hashable, Sendable, CustomStringConvertible {
    /// The directory's path, as it was given.
    public let path: String

    /// Names a directory; nothing is looked at.
    public init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The certificates of the trusted authorities.
    public var authorityCertificate: String { path + "/ca.crt" }
    /// The authority's private key.
    public var authorityKey: String { path + "/ca.key" }
    /// The server's certificate.
    public var serverCertificate: String { path + "/server.crt" }
    /// The server's private key.
    public var serverKey: String { path + "/server.key" }

    public var description: String { path }

    /// The certificate of the client called `commonName`.
    ///
    /// - Throws: ``TLSError`` if the name cannot be a file's: letters, digits, `.`, `_` and `-` can, not in front `.`.
    public func clientCertificate(_ commonName: String) throws(TLSError) -> String {
        try clientFile(commonName) + ".crt"
    }

    /// The private key of the client called `commonName`.
    ///
    /// - Throws: ``TLSError`` as ``clientCertificate(_:)`` does.
    public func clientKey(_ commonName: String) throws(TLSError) -> String {
        try clientFile(commonName) + ".key"
    }

    private func clientFile(_ commonName: String) throws(TLSError) -> String {
        let isFileName = commonName.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isFileName, !commonName.isEmpty, !commonName.hasPrefix("."),
            commonName.utf8.count <= CertificateRequest.maximumCommonName
        else {
            throw TLSError(
                .invalidRequest,
                "client name '\(commonName.prefix(80))' must have 1 to \(CertificateRequest.maximumCommonName) letters, "
                    + "digits, '.', '_' or '-', and not begin with '.'"
            )
        }
        return "\(path)/clients/\(commonName)"
    }
}

// MARK: - Reading

extension ClusterDirectory {
    /// The authority that was made here.
    ///
    /// - Parameter now: The time to check its validity at, in seconds since 1970; `nil` is the present.
    /// - Throws: ``TLSError`` that names the file at fault.
    public func loadAuthority(at now: Int64? = nil) throws(TLSError) -> CertificateAuthority {
        let certificate = try PEMFile.text(of: authorityCertificate)
        guard PEMFile.exists(authorityKey) else {
            throw TLSError(
                .fileMissing,
                "there is no authority's key here, so nothing can be issued; name the directory in which the authority "
                    + "was made",
                file: authorityKey
            )
        }
        let key = try PEMFile.text(of: authorityKey)
        do throws(TLSError) {
            let authority = try CertificateAuthority(certificatePEM: certificate, privateKeyPEM: key)
            try CertificateInspector.inspectFirst(pem: certificate).checkValidity(at: now ?? UTCTime.now)
            return authority
        } catch {
            let isAboutTheKey = error.code == .noKey || error.code == .keyMismatch
            throw error.inFile(isAboutTheKey ? authorityKey : authorityCertificate)
        }
    }

    /// What the cluster's endpoint shows and trusts, checked as ``TLSCredentials/load(certificate:key:roots:purpose:at:)``
    /// says.
    public func loadServerCredentials(at now: Int64? = nil) throws(TLSError) -> TLSCredentials {
        try TLSCredentials.load(
            certificate: serverCertificate, key: serverKey, roots: authorityCertificate, purpose: .server, at: now
        )
    }

    /// What the client called `commonName` shows and trusts, checked as
    /// ``TLSCredentials/load(certificate:key:roots:purpose:at:)`` says.
    public func loadClientCredentials(_ commonName: String, at now: Int64? = nil) throws(TLSError) -> TLSCredentials {
        try TLSCredentials.load(
            certificate: try clientCertificate(commonName), key: try clientKey(commonName),
            roots: authorityCertificate, purpose: .client, at: now
        )
    }

    /// The common names of the clients whose certificates are here, sorted.
    ///
    /// - Throws: ``TLSError`` if the directory of clients is missing or cannot be read.
    public func clientNames() throws(TLSError) -> [String] {
        let clients = path + "/clients"
        return try PEMFile.names(in: clients).filter { $0.hasSuffix(".crt") }.map { String($0.dropLast(4)) }.sorted()
    }
}

// MARK: - Writing

extension ClusterDirectory {
    /// Writes an authority, making the directory where it is missing.
    ///
    /// - Parameter replacing: Whether an authority that is here already is replaced: with it goes the trust in all
    ///   that it issued.
    /// - Throws: ``TLSError`` that names the file at fault.
    public func save(_ authority: CertificateAuthority, replacing: Bool = false) throws(TLSError) {
        try PEMFile.makeDirectory(path)
        try IssuedCertificate(certificatePEM: authority.certificatePEM, privateKeyPEM: authority.privateKeyPEM)
            .write(certificate: authorityCertificate, key: authorityKey, replacing: replacing)
    }

    /// Trusts the authority of another cluster: copies its certificate here, and never its key.
    ///
    /// - Parameter replacing: Whether another authority that is trusted here is replaced. The same one is left alone.
    /// - Returns: Whether anything was copied.
    /// - Throws: ``TLSError`` that names the file at fault.
    @discardableResult
    public func inheritAuthority(
        from other: ClusterDirectory, replacing: Bool = false
    ) throws(TLSError) -> Bool {
        let certificate = try PEMFile.text(of: other.authorityCertificate)
        do throws(TLSError) {
            let first = try CertificateInspector.inspectFirst(pem: certificate)
            guard first.isAuthority else {
                throw TLSError(.notAnAuthority, "the certificate of \(first.subject) is not an authority's")
            }
        } catch {
            throw error.inFile(other.authorityCertificate)
        }
        if PEMFile.exists(authorityCertificate) {
            if try PEMFile.text(of: authorityCertificate) == certificate { return false }
            guard !PEMFile.exists(authorityKey) else {
                throw TLSError(
                    .ownAuthority, "the authority of this file was made here; remove it and its key to trust another",
                    file: authorityCertificate
                )
            }
            guard replacing else {
                throw TLSError(
                    .fileExists, "another authority is trusted here already and was left as it is",
                    file: authorityCertificate
                )
            }
        }
        try PEMFile.makeDirectory(path)
        try PEMFile.save(certificate, to: authorityCertificate, access: .everybody, replacing: replacing)
        return true
    }

    /// Writes the server's certificate and key.
    ///
    /// - Parameter replacing: Whether a pair that is here already is replaced, as a renewal does.
    /// - Throws: ``TLSError`` that names the file at fault.
    public func saveServer(_ issued: IssuedCertificate, replacing: Bool = false) throws(TLSError) {
        try PEMFile.makeDirectory(path)
        try issued.write(certificate: serverCertificate, key: serverKey, replacing: replacing)
    }

    /// Writes the certificate and key of the client called `commonName`.
    ///
    /// - Parameter replacing: Whether a pair that is here already is replaced, as a renewal does.
    /// - Throws: ``TLSError`` that names the file at fault.
    public func saveClient(
        _ issued: IssuedCertificate, commonName: String, replacing: Bool = false
    ) throws(TLSError) {
        let certificate = try clientCertificate(commonName)
        let key = try clientKey(commonName)
        try PEMFile.makeDirectory(path + "/clients")
        try issued.write(certificate: certificate, key: key, replacing: replacing)
    }
}

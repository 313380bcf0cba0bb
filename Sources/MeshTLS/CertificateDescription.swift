/// What one certificate says.
public struct CertificateDescription: Hashable, Sendable {
    /// The subject's whole name on one line (RFC 2253), such as `CN=remote-hurup`.
    public var subject: String
    /// The subject's common name; `nil` if it has none.
    public var commonName: String?
    /// The DNS names among the alternative names.
    public var dnsNames: [String]
    /// The URIs among the alternative names.
    public var uris: [String]
    /// The IP addresses among the alternative names, as they are usually written.
    public var ipAddresses: [String]
    /// The issuer's whole name on one line.
    public var issuer: String
    /// The serial number, in hexadecimal digits of even count, lower case.
    public var serialNumber: String
    /// The SHA-256 of the whole certificate, in hexadecimal.
    public var fingerprint: String
    /// The identifier of the certificate's key, in hexadecimal, if it says one.
    public var subjectKeyID: String?
    /// The identifier of the issuer's key, in hexadecimal, if it says one.
    public var authorityKeyID: String?
    /// When it begins, in seconds since 1970.
    public var notBefore: Int64
    /// When it ends, in seconds since 1970.
    public var notAfter: Int64
    /// What it may be used for in TLS (extended key usage); `nil` if it does not say.
    public var purposes: Set<CertificatePurpose>?
    /// Whether it may issue other certificates.
    public var isAuthority: Bool

    /// Throws unless `now`, in seconds since 1970, is inside the certificate's validity.
    public func checkValidity(at now: Int64) throws(TLSError) {
        guard now >= notBefore else {
            throw TLSError(
                .notYetValid,
                "the certificate of \(shortSubject) is not valid before \(UTCTime.text(notBefore)); the clock says "
                    + UTCTime.text(now)
            )
        }
        guard now <= notAfter else {
            throw TLSError(.expired, "the certificate of \(shortSubject) ended at \(UTCTime.text(notAfter))")
        }
    }

    /// Throws unless the certificate says that it may be used for `purpose`.
    ///
    /// One that does not say what it is for is refused as well: it could stand for a server and for a client, and a
    /// mesh keeps the two apart. Go's TLS, and so etcd, accepts such a certificate.
    public func checkPurpose(_ purpose: CertificatePurpose) throws(TLSError) {
        guard let purposes else {
            throw TLSError(
                .wrongUsage,
                "the certificate of \(shortSubject) does not say what it is for; a \(purpose)'s must list "
                    + "\(Self.usage(purpose)) as extended key usage"
            )
        }
        guard purposes.contains(purpose) else {
            throw TLSError(
                .wrongUsage,
                "the certificate of \(shortSubject) is not a \(purpose)'s: its extended key usage lacks "
                    + Self.usage(purpose)
            )
        }
    }

    /// The subject as messages show it: whoever made the certificate also chose how long its name is.
    var shortSubject: String { Self.shortened(subject) }

    /// At most 200 characters of a name.
    static func shortened(_ name: String) -> String {
        name.count > 200 ? name.prefix(200) + "…" : name
    }

    private static func usage(_ purpose: CertificatePurpose) -> String {
        switch purpose {
        case .server: "serverAuth"
        case .client: "clientAuth"
        }
    }
}

extension CertificateDescription: CustomStringConvertible {
    /// All of it for people, a line for each thing said.
    public var description: String {
        let names = dnsNames.map { "DNS:\($0)" } + ipAddresses.map { "IP:\($0)" } + uris.map { "URI:\($0)" }
        let uses = purposes.map { $0.map(Self.usage).sorted().joined(separator: ", ") } ?? "not said"
        var lines = [
            "subject: \(subject)",
            "names: \(names.isEmpty ? "none" : names.joined(separator: ", "))",
            "issuer: \(issuer)",
            "serial number: \(serialNumber)",
            "valid: \(UTCTime.text(notBefore)) to \(UTCTime.text(notAfter))",
            isAuthority ? "authority: yes" : "usage: \(uses.isEmpty ? "none for TLS" : uses)",
        ]
        if let subjectKeyID { lines.append("key ID: \(subjectKeyID)") }
        if let authorityKeyID { lines.append("issuer's key ID: \(authorityKeyID)") }
        lines.append("SHA-256: \(fingerprint)")
        return lines.joined(separator: "\n")
    }
}

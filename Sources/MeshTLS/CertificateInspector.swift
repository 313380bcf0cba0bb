internal import COpenSSL
internal import MeshCore

/// Looks at certificates and keys: what they say, whether they belong together, whom they lead to.
public enum CertificateInspector {
    /// What every certificate of a PEM text says, in the text's order.
    ///
    /// - Throws: ``TLSError``: no certificate, a damaged one, or one whose names cannot be read without doubt.
    public static func inspect(pem: String) throws(TLSError) -> [CertificateDescription] {
        try OpenSSLFailure.contained { () throws(TLSError) in
            let certificates = try X509CertificateList(pem: pem)
            var descriptions: [CertificateDescription] = []
            for index in 0..<certificates.count {
                guard let certificate = certificates.at(index) else { continue }
                descriptions.append(try X509Fields.description(certificate))
            }
            return descriptions
        }
    }

    /// What the first certificate of a PEM text says.
    ///
    /// - Throws: ``TLSError`` as ``inspect(pem:)`` does, for the first certificate only.
    public static func inspectFirst(pem: String) throws(TLSError) -> CertificateDescription {
        try OpenSSLFailure.contained { () throws(TLSError) in
            let certificate = try X509Certificate(firstOf: pem)
            return try X509Fields.description(certificate.pointer)
        }
    }

    /// Which certificates a PEM text holds, in its order; names that no mesh would take from a peer do not matter.
    static func identifiers(pem: String) throws(TLSError) -> [CertificateID] {
        try OpenSSLFailure.contained { () throws(TLSError) in
            let certificates = try X509CertificateList(pem: pem)
            var identifiers: [CertificateID] = []
            for index in 0..<certificates.count {
                guard let certificate = certificates.at(index) else { continue }
                identifiers.append(try X509Fields.identifier(certificate))
            }
            return identifiers
        }
    }

    /// How many certificates a PEM text holds, at least one.
    ///
    /// - Throws: ``TLSError``: no certificate or a damaged one. What they say is not looked at.
    public static func count(pem: String) throws(TLSError) -> Int {
        try OpenSSLFailure.contained { () throws(TLSError) in try X509CertificateList(pem: pem).count }
    }

    /// What every certificate of a file says.
    ///
    /// - Throws: ``TLSError`` that names the file.
    public static func inspect(file: String) throws(TLSError) -> [CertificateDescription] {
        let pem = try PEMFile.text(of: file)
        do throws(TLSError) {
            return try inspect(pem: pem)
        } catch {
            throw error.inFile(file)
        }
    }

    /// Throws unless `privateKey` is the key of the first certificate of `certificate`, both PEM text.
    public static func checkKey(_ privateKey: String, of certificate: String) throws(TLSError) {
        try OpenSSLFailure.contained { () throws(TLSError) in
            let key = try PrivateKey(pem: privateKey)
            let certificate = try X509Certificate(firstOf: certificate)
            guard X509_check_private_key(certificate.pointer, key.pointer) == 1 else {
                throw TLSError(.keyMismatch, "the private key is not the key of the certificate")
            }
        }
    }

    /// Throws unless a chain leads from the first certificate of `chain`, over the ones behind it, to one of `roots`,
    /// and all of them may be used for `purpose` at the time `now`, in seconds since 1970.
    public static func verify(
        chain: String, roots: String, purpose: CertificatePurpose, at now: Int64
    ) throws(TLSError) {
        try OpenSSLFailure.contained { () throws(TLSError) in
            let certificates = try X509CertificateList(pem: chain)
            let trusted = try X509CertificateList(pem: roots)
            let store = try OpenSSLObject(X509_STORE_new(), "making a store", free: X509_STORE_free)
            for index in 0..<trusted.count {
                try OpenSSLFailure.check(X509_STORE_add_cert(store.pointer, trusted.at(index)), "trusting a root")
            }
            let check = try OpenSSLObject(X509_STORE_CTX_new(), "making a check", free: X509_STORE_CTX_free)
            try OpenSSLFailure.check(
                X509_STORE_CTX_init(check.pointer, store.pointer, certificates.at(0), certificates.pointer),
                "preparing the check of a chain"
            )
            X509_STORE_CTX_set_time(check.pointer, 0, Int(now))
            let usage = purpose == .server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT
            try OpenSSLFailure.check(X509_STORE_CTX_set_purpose(check.pointer, usage), "setting the purpose")
            guard X509_verify_cert(check.pointer) != 1 else {
                // OpenSSL lets a certificate pass that does not say what it is for; a mesh does not.
                return try X509Fields.description(try first(certificates)).checkPurpose(purpose)
            }
            throw try refusal(check.pointer, purpose)
        }
    }

    private static func first(_ certificates: borrowing X509CertificateList) throws(TLSError) -> OpaquePointer {
        guard let first = certificates.at(0) else { throw TLSError(.noCertificate, "holds no PEM certificate") }
        return first
    }

    /// Why OpenSSL refused a chain.
    private static func refusal(
        _ check: OpaquePointer, _ purpose: CertificatePurpose
    ) throws(TLSError) -> TLSError {
        let reason = X509_STORE_CTX_get_error(check)
        let subject =
            if let current = X509_STORE_CTX_get_current_cert(check) {
                try X509Fields.oneLine(X509_get_subject_name(current))
            } else {
                "the certificate"
            }
        let cause = X509_verify_cert_error_string(Int(reason)).map { String(cString: $0) }
        switch reason {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return TLSError(.expired, "the certificate of \(subject) has ended", cause: cause)
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return TLSError(.notYetValid, "the certificate of \(subject) is not valid yet", cause: cause)
        case X509_V_ERR_INVALID_PURPOSE:
            return TLSError(.wrongUsage, "the certificate of \(subject) is not for a \(purpose)", cause: cause)
        default:
            return TLSError(
                .untrusted, "no chain leads from the certificate of \(subject) to a trusted authority", cause: cause
            )
        }
    }
}

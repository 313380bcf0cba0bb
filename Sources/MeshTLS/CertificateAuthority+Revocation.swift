internal import COpenSSL

extension CertificateAuthority {
    /// How long a revocation list lasts if nothing else is said: thirty days.
    public static let defaultListValidity: Duration = .seconds(30 * 86_400)

    /// Issues a revocation list (RFC 5280 §5), which begins five minutes ago, as clocks of clusters differ.
    ///
    /// - Parameters:
    ///   - serialNumbers: The numbers of the certificates to revoke, in hexadecimal as
    ///     ``CertificateDescription/serialNumber`` has them; they need not be this authority's to know.
    ///   - number: The number of the list, which must grow from list to list.
    ///   - validity: After which time the next list is due; it may outlast the authority.
    ///   - thisUpdate: When it begins, in seconds since 1970; `nil` is five minutes ago.
    /// - Returns: The list as PEM text.
    /// - Throws: ``TLSError`` if a number is none, or the validity cannot be used.
    public func issueRevocationList(
        revoking serialNumbers: [String],
        number: Int64,
        validity: Duration = defaultListValidity,
        thisUpdate: Int64? = nil
    ) throws(TLSError) -> String {
        let (begin, end) = try Self.times(validity: validity, notBefore: thisUpdate)
        return try OpenSSLFailure.contained { () throws(TLSError) in
            let issuer = try X509Certificate(firstOf: certificatePEM)
            let key = try PrivateKey(pem: privateKeyPEM)
            let list = try OpenSSLObject(X509_CRL_new(), "making a revocation list", free: X509_CRL_free)
            let pointer = list.pointer
            try OpenSSLFailure.check(X509_CRL_set_version(pointer, Int(X509_CRL_VERSION_2)), "setting the version")
            try OpenSSLFailure.check(
                X509_CRL_set_issuer_name(pointer, X509_get_subject_name(issuer.pointer)), "setting the issuer"
            )
            let from = try Self.time(begin)
            let until = try Self.time(end)
            try OpenSSLFailure.check(X509_CRL_set1_lastUpdate(pointer, from.time), "setting the time")
            try OpenSSLFailure.check(X509_CRL_set1_nextUpdate(pointer, until.time), "setting the time")
            for serialNumber in serialNumbers { try Self.revoke(serialNumber, at: from.time, in: pointer) }
            try Self.addExtensions(number, issuer: issuer.pointer, to: pointer)
            try OpenSSLFailure.check(X509_CRL_sort(pointer), "sorting the list")
            try OpenSSLFailure.check(X509_CRL_sign(pointer, key.pointer, EVP_sha256()), "signing the list")
            return try OpenSSLText.written("writing a revocation list") { PEM_write_bio_X509_CRL($0, pointer) }
        }
    }

    /// A time in OpenSSL's form, with its owner.
    private struct OwnedTime: ~Copyable {
        let object: OpenSSLObject
        var time: UnsafeMutablePointer<ASN1_TIME> { UnsafeMutablePointer(object.pointer) }
    }

    private static func time(_ seconds: Int64) throws(TLSError) -> OwnedTime {
        let made = ASN1_TIME_set(nil, Int(seconds))
        return OwnedTime(
            object: try OpenSSLObject(
                made.map { OpaquePointer($0) }, "making a time",
                free: { ASN1_STRING_free($0.map { UnsafeMutablePointer($0) }) }
            )
        )
    }

    private static func revoke(
        _ serialNumber: String, at time: UnsafeMutablePointer<ASN1_TIME>, in list: OpaquePointer
    ) throws(TLSError) {
        guard !serialNumber.isEmpty, serialNumber.utf8.count <= 64, serialNumber.allSatisfy(\.isHexDigit) else {
            throw TLSError(
                .invalidRequest, "'\(serialNumber.prefix(80))' is not a serial number of 1 to 64 hexadecimal digits"
            )
        }
        var made: OpaquePointer?
        guard BN_hex2bn(&made, serialNumber) > 0 else { throw OpenSSLFailure.error("reading a serial number") }
        let number = try OpenSSLObject(made, "reading a serial number", free: BN_free)
        guard let entry = X509_REVOKED_new() else { throw OpenSSLFailure.error("making an entry") }
        let integer = BN_to_ASN1_INTEGER(number.pointer, nil)
        defer { ASN1_INTEGER_free(integer) }
        // The list owns the entry once it has been added.
        guard integer != nil, X509_REVOKED_set_serialNumber(entry, integer) > 0,
            X509_REVOKED_set_revocationDate(entry, time) > 0, X509_CRL_add0_revoked(list, entry) > 0
        else {
            X509_REVOKED_free(entry)
            throw OpenSSLFailure.error("adding an entry")
        }
    }

    private static func addExtensions(
        _ number: Int64, issuer: OpaquePointer, to list: OpaquePointer
    ) throws(TLSError) {
        let integer = ASN1_INTEGER_new()
        defer { ASN1_INTEGER_free(integer) }
        guard number >= 0, ASN1_INTEGER_set_int64(integer, number) > 0 else {
            throw TLSError(.invalidRequest, "a revocation list cannot have the number \(number)")
        }
        try OpenSSLFailure.check(
            X509_CRL_add1_ext_i2d(list, NID_crl_number, integer, 0, 0), "adding the list's number"
        )
        // An authority that was made elsewhere may have no identifier to point to.
        guard X509_get0_subject_key_id(issuer) != nil else { return }
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, nil, nil, list, 0)
        let identifier = try OpenSSLObject(
            X509V3_EXT_conf_nid(nil, &context, NID_authority_key_identifier, "keyid:always"),
            "making an extension", free: X509_EXTENSION_free
        )
        try OpenSSLFailure.check(X509_CRL_add_ext(list, identifier.pointer, -1), "adding an extension")
    }
}

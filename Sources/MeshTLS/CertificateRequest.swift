internal import COpenSSL
internal import MeshCore

/// What a new certificate is to say, checked before OpenSSL sees it.
struct CertificateRequest {
    /// What the certificate's holder may do with it.
    enum Role: Hashable {
        case authority
        case server
        case client
    }

    var role: Role
    var commonName: String
    var dnsNames: [String] = []
    var uris: [String] = []
    var ipAddresses: [IPAddress] = []
    var notBefore: Int64
    var notAfter: Int64

    /// The longest common name (ub-common-name of RFC 5280), in characters.
    static let maximumCommonName = 64
    /// The most alternative names, of all kinds together.
    static let maximumAlternativeNames = 256

    /// Throws if no certificate can say this.
    func check() throws(TLSError) {
        guard !commonName.isEmpty, commonName.unicodeScalars.count <= Self.maximumCommonName,
            commonName.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw TLSError(
                .invalidRequest,
                "common name '\(commonName.prefix(80))' must have 1 to \(Self.maximumCommonName) printable characters"
            )
        }
        for name in dnsNames where !HostName.isValidPattern(name) {
            throw TLSError(.invalidRequest, "'\(name.prefix(80))' is not a DNS name")
        }
        for uri in uris where !uri.contains(":") || !uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw TLSError(.invalidRequest, "'\(uri.prefix(80))' is not a URI")
        }
        let names = dnsNames.count + uris.count + ipAddresses.count
        guard names <= Self.maximumAlternativeNames else {
            throw TLSError(
                .invalidRequest, "\(names) alternative names; at most \(Self.maximumAlternativeNames) are allowed"
            )
        }
        guard notBefore < notAfter else {
            throw TLSError(
                .invalidRequest,
                "the certificate would end (\(UTCTime.text(notAfter))) before it begins (\(UTCTime.text(notBefore)))"
            )
        }
    }

    /// Makes the certificate of `key`, signed by `issuerKey` in the name of `issuer` (`nil`: by itself).
    func sign(
        _ key: borrowing PrivateKey, issuer: OpaquePointer?, issuerKey: borrowing PrivateKey
    ) throws(TLSError) -> String {
        try check()
        let certificate = try X509Certificate()
        let pointer = certificate.pointer
        try OpenSSLFailure.check(X509_set_version(pointer, Int(X509_VERSION_3)), "setting the version")
        try setSerialNumber(pointer)
        guard ASN1_TIME_set(X509_getm_notBefore(pointer), Int(notBefore)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(pointer), Int(notAfter)) != nil
        else { throw OpenSSLFailure.error("setting the validity") }
        try setSubject(pointer)
        try OpenSSLFailure.check(
            X509_set_issuer_name(pointer, X509_get_subject_name(issuer ?? pointer)), "setting the issuer"
        )
        try OpenSSLFailure.check(X509_set_pubkey(pointer, key.pointer), "setting the key")
        try addExtensions(pointer, issuer: issuer ?? pointer)
        try OpenSSLFailure.check(X509_sign(pointer, issuerKey.pointer, EVP_sha256()), "signing the certificate")
        return try certificate.pem
    }

    /// A random number of 127 bits: unguessable, positive, and within the 20 bytes of RFC 5280.
    private func setSerialNumber(_ certificate: OpaquePointer) throws(TLSError) {
        let number = try OpenSSLObject(BN_new(), "making a number", free: BN_free)
        // The top bit is set (0: BN_RAND_TOP_ONE), so that the number is never zero.
        try OpenSSLFailure.check(BN_rand(number.pointer, 127, 0, 0), "drawing a serial number")
        guard BN_to_ASN1_INTEGER(number.pointer, X509_get_serialNumber(certificate)) != nil else {
            throw OpenSSLFailure.error("setting the serial number")
        }
    }

    private func setSubject(_ certificate: OpaquePointer) throws(TLSError) {
        let subject = X509_get_subject_name(certificate)
        var name = commonName
        let added = name.withUTF8 { bytes in
            X509_NAME_add_entry_by_NID(
                subject, NID_commonName, MBSTRING_UTF8, bytes.baseAddress, Int32(bytes.count), -1, 0
            )
        }
        try OpenSSLFailure.check(added, "setting the common name")
    }

    private func addExtensions(_ certificate: OpaquePointer, issuer: OpaquePointer) throws(TLSError) {
        func add(_ kind: Int32, _ value: String) throws(TLSError) {
            // Zeroed, as its database pointer must be; OpenSSL fills in the rest.
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
            let `extension` = try OpenSSLObject(
                X509V3_EXT_conf_nid(nil, &context, kind, value), "making an extension", free: X509_EXTENSION_free
            )
            try OpenSSLFailure.check(X509_add_ext(certificate, `extension`.pointer, -1), "adding an extension")
        }
        switch role {
        case .authority:
            // An authority of leaves only: what it issues may issue nothing.
            try add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
            try add(NID_key_usage, "critical,keyCertSign,cRLSign")
        case .server:
            try add(NID_basic_constraints, "critical,CA:FALSE")
            try add(NID_key_usage, "critical,digitalSignature")
            try add(NID_ext_key_usage, "serverAuth")
        case .client:
            try add(NID_basic_constraints, "critical,CA:FALSE")
            try add(NID_key_usage, "critical,digitalSignature")
            try add(NID_ext_key_usage, "clientAuth")
        }
        try add(NID_subject_key_identifier, "hash")
        // An authority that was made elsewhere may have no identifier to point to.
        if role != .authority, X509_get0_subject_key_id(issuer) != nil {
            try add(NID_authority_key_identifier, "keyid:always")
        }
        try addAlternativeNames(certificate)
    }

    /// Built name by name and not from one configuration text, in which a comma in a name would begin another name.
    private func addAlternativeNames(_ certificate: OpaquePointer) throws(TLSError) {
        guard !dnsNames.isEmpty || !uris.isEmpty || !ipAddresses.isEmpty else { return }
        let names = try OpenSSLObject(GENERAL_NAMES_new(), "making a list of names", free: GENERAL_NAMES_free)
        for name in dnsNames { try append(GEN_DNS, V_ASN1_IA5STRING, Array(name.utf8), to: names.pointer) }
        for uri in uris { try append(GEN_URI, V_ASN1_IA5STRING, Array(uri.utf8), to: names.pointer) }
        for address in ipAddresses {
            try append(GEN_IPADD, V_ASN1_OCTET_STRING, address.bytes, to: names.pointer)
        }
        try OpenSSLFailure.check(
            X509_add1_ext_i2d(certificate, NID_subject_alt_name, UnsafeMutableRawPointer(names.pointer), 0, 0),
            "adding the alternative names"
        )
    }

    private func append(
        _ kind: Int32, _ type: Int32, _ bytes: [UInt8], to names: OpaquePointer
    ) throws(TLSError) {
        guard let name = GENERAL_NAME_new() else { throw OpenSSLFailure.error("making a name") }
        guard let value = ASN1_STRING_type_new(type) else {
            GENERAL_NAME_free(name)
            throw OpenSSLFailure.error("making a name")
        }
        // From here on the value is the name's, and goes with it.
        GENERAL_NAME_set0_value(name, kind, value)
        guard ASN1_STRING_set(value, bytes, Int32(bytes.count)) > 0, cmesh_general_names_append(names, name) > 0 else {
            GENERAL_NAME_free(name)
            throw OpenSSLFailure.error("keeping a name")
        }
    }
}

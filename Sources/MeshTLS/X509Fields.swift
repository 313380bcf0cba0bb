internal import COpenSSL
internal import MeshCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Reading what a certificate says, out of OpenSSL's form.
///
/// Whoever makes a certificate chooses its names. So a name is taken only if it is plain printable text and there is
/// one way to read it; anything else makes the whole certificate malformed, because what decides about a peer (and
/// what is printed about it) must not be a guess.
enum X509Fields {
    /// Everything that `certificate` says.
    static func description(_ certificate: OpaquePointer) throws(TLSError) -> CertificateDescription {
        let subject = X509_get_subject_name(certificate)
        let names = try alternativeNames(certificate)
        return CertificateDescription(
            subject: try oneLine(subject),
            commonName: try commonName(subject),
            dnsNames: names.dns,
            uris: names.uris,
            ipAddresses: names.ips,
            issuer: try oneLine(X509_get_issuer_name(certificate)),
            serialNumber: try serialNumber(certificate),
            fingerprint: try fingerprint(certificate),
            subjectKeyID: bytes(X509_get0_subject_key_id(certificate)).map(hexadecimal),
            authorityKeyID: bytes(X509_get0_authority_key_id(certificate)).map(hexadecimal),
            notBefore: try seconds(X509_get0_notBefore(certificate)),
            notAfter: try seconds(X509_get0_notAfter(certificate)),
            purposes: purposes(certificate),
            isAuthority: X509_check_ca(certificate) == 1
        )
    }

    /// Which certificate it is.
    static func identifier(_ certificate: OpaquePointer) throws(TLSError) -> CertificateID {
        CertificateID(
            issuer: try oneLine(X509_get_issuer_name(certificate)),
            serialNumber: try serialNumber(certificate),
            fingerprint: try fingerprint(certificate)
        )
    }

    /// A time of a certificate, in seconds since 1970.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(TLSError) -> Int64 {
        var fields = tm()
        guard let time, ASN1_TIME_to_tm(time, &fields) == 1 else {
            throw TLSError(.malformed, "the certificate's validity is no time", cause: OpenSSLFailure.text)
        }
        return UTCTime.seconds(fields)
    }

    /// A name on one line; everything that is not printable is escaped.
    static func oneLine(_ name: OpaquePointer?) throws(TLSError) -> String {
        try OpenSSLText.written("reading a name") { buffer in
            // Minus one is the error; an empty name writes nothing and returns 0.
            X509_NAME_print_ex(buffer, name, 0, cmesh_name_on_one_line) < 0 ? -1 : 1
        }
    }

    private static func commonName(_ name: OpaquePointer?) throws(TLSError) -> String? {
        let position = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard position >= 0 else { return nil }
        guard X509_NAME_get_index_by_NID(name, NID_commonName, position) < 0 else {
            throw TLSError(.malformed, "the certificate has several common names")
        }
        var text: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, position)))
        guard count >= 0, let text else {
            throw TLSError(.malformed, "the certificate's common name is no text", cause: OpenSSLFailure.text)
        }
        defer { cmesh_free(text) }
        let bytes = UnsafeBufferPointer(start: text, count: Int(count))
        guard let value = String(validating: bytes, as: UTF8.self),
            value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw TLSError(.malformed, "the certificate's common name has bytes that do not print") }
        return value
    }

    private static func alternativeNames(
        _ certificate: OpaquePointer
    ) throws(TLSError) -> (dns: [String], uris: [String], ips: [String]) {
        var status: Int32 = 0
        let read = X509_get_ext_d2i(certificate, NID_subject_alt_name, &status, nil)
        guard let read else {
            // -1: there are none.
            if status == -1 { return ([], [], []) }
            throw TLSError(.malformed, "the certificate's alternative names cannot be read", cause: OpenSSLFailure.text)
        }
        let names = try OpenSSLObject(OpaquePointer(read), "reading names", free: GENERAL_NAMES_free)
        var found: (dns: [String], uris: [String], ips: [String]) = ([], [], [])
        for index in 0..<cmesh_general_names_count(names.pointer) {
            var kind: Int32 = 0
            let value = GENERAL_NAME_get0_value(cmesh_general_names_at(names.pointer, index), &kind)
            guard kind == GEN_DNS || kind == GEN_URI || kind == GEN_IPADD else { continue }
            let string = value.map { UnsafePointer($0.assumingMemoryBound(to: ASN1_STRING.self)) }
            guard let bytes = bytes(string) else {
                throw TLSError(.malformed, "the certificate has an alternative name without a value")
            }
            if kind == GEN_IPADD {
                guard let address = IPAddress(certificateBytes: bytes) else {
                    throw TLSError(.malformed, "the certificate has an IP address of \(bytes.count) bytes")
                }
                found.ips.append(address.description)
            } else {
                guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                    throw TLSError(.malformed, "the certificate has an alternative name that is not printable ASCII")
                }
                let name = String(decoding: bytes, as: UTF8.self)
                if kind == GEN_DNS { found.dns.append(name) } else { found.uris.append(name) }
            }
        }
        return found
    }

    private static func purposes(_ certificate: OpaquePointer) -> Set<CertificatePurpose>? {
        let flags = X509_get_extended_key_usage(certificate)
        // All bits set: the certificate does not say.
        guard flags != .max else { return nil }
        var purposes: Set<CertificatePurpose> = []
        if flags & UInt32(XKU_SSL_SERVER) != 0 { purposes.insert(.server) }
        if flags & UInt32(XKU_SSL_CLIENT) != 0 { purposes.insert(.client) }
        return purposes
    }

    private static func serialNumber(_ certificate: OpaquePointer) throws(TLSError) -> String {
        guard let number = number(X509_get0_serialNumber(certificate)) else {
            throw TLSError(.malformed, "the certificate has no serial number")
        }
        return number
    }

    /// A number in hexadecimal digits of even count.
    static func number(_ number: UnsafePointer<ASN1_INTEGER>?) -> String? {
        bytes(number).map { $0.isEmpty ? "00" : hexadecimal($0) }
    }

    private static func fingerprint(_ certificate: OpaquePointer) throws(TLSError) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        try OpenSSLFailure.check(
            X509_digest(certificate, EVP_sha256(), &digest, &count), "hashing the certificate"
        )
        return hexadecimal(Array(digest.prefix(Int(count))))
    }

    private static func bytes(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8]? {
        guard let string else { return nil }
        let count = Int(ASN1_STRING_length(string))
        guard count > 0, let start = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self
        )
    }
}

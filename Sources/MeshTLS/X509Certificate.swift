internal import COpenSSL

/// One certificate in OpenSSL's form.
struct X509Certificate: ~Copyable {
    private let object: OpenSSLObject

    var pointer: OpaquePointer { object.pointer }

    /// An empty certificate, to be filled in.
    init() throws(TLSError) {
        object = try OpenSSLObject(X509_new(), "making a certificate", free: X509_free)
    }

    /// The first certificate of a PEM text.
    init(firstOf pem: String) throws(TLSError) {
        let certificates = try X509CertificateList(pem: pem)
        // The list holds at least one; the certificate outlives it by a reference of its own.
        let first = certificates.at(0)
        X509_up_ref(first)
        object = try OpenSSLObject(first, "reading a certificate", free: X509_free)
    }

    /// The certificate as PEM text.
    var pem: String {
        get throws(TLSError) {
            let pointer = pointer
            return try OpenSSLText.written("writing a certificate") { PEM_write_bio_X509($0, pointer) }
        }
    }
}

/// The certificates of one PEM text, at least one.
struct X509CertificateList: ~Copyable {
    private let object: OpenSSLObject

    /// OpenSSL's `STACK_OF(X509)`, good while this value lives.
    var pointer: OpaquePointer { object.pointer }

    /// Reads every certificate of a PEM text; text between them is skipped, blocks of other kinds too.
    ///
    /// - Throws: ``TLSError``: no certificate, a damaged one, or too many.
    init(pem: String) throws(TLSError) {
        try PEMLimits.check(pem)
        let certificates = try OpenSSLObject(
            cmesh_certificates_new(), "making a list", free: cmesh_certificates_free
        )
        let list = certificates.pointer
        try OpenSSLText.read(pem) { (buffer) throws(TLSError) in
            while let next = PEM_read_bio_X509(buffer, nil, { _, _, _, _ in -1 }, nil) {
                guard cmesh_certificates_append(list, next) > 0 else {
                    X509_free(next)
                    throw OpenSSLFailure.error("keeping a certificate")
                }
                guard cmesh_certificates_count(list) <= PEMLimits.maximumCertificates else {
                    throw TLSError(
                        .fileTooLarge, "holds more than \(PEMLimits.maximumCertificates) certificates"
                    )
                }
            }
        }
        let read = cmesh_certificates_count(list)
        guard OpenSSLFailure.isEndOfPEM else {
            throw TLSError(.malformed, "certificate \(read + 1) in it is damaged", cause: OpenSSLFailure.text)
        }
        guard read > 0 else { throw TLSError(.noCertificate, "holds no PEM certificate") }
        object = certificates
    }

    /// How many there are.
    var count: Int { Int(cmesh_certificates_count(pointer)) }

    /// The certificate at `index`, owned by the list.
    func at(_ index: Int) -> OpaquePointer? { cmesh_certificates_at(pointer, Int32(index)) }
}

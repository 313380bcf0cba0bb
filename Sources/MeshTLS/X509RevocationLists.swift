internal import COpenSSL

/// The revocation lists of one PEM text, at least one.
struct X509RevocationLists: ~Copyable {
    private let object: OpenSSLObject

    /// Reads every list of a PEM text; text between them is skipped, blocks of other kinds too.
    ///
    /// - Throws: ``TLSError``: no list, a damaged one, or too many.
    init(pem: String) throws(TLSError) {
        try PEMLimits.check(pem)
        let lists = try OpenSSLObject(
            cmesh_revocation_lists_new(), "making a list", free: cmesh_revocation_lists_free
        )
        let stack = lists.pointer
        try OpenSSLText.read(pem) { (buffer) throws(TLSError) in
            while let next = PEM_read_bio_X509_CRL(buffer, nil, { _, _, _, _ in -1 }, nil) {
                guard cmesh_revocation_lists_append(stack, next) > 0 else {
                    X509_CRL_free(next)
                    throw OpenSSLFailure.error("keeping a revocation list")
                }
                guard cmesh_revocation_lists_count(stack) <= RevocationList.maximumLists else {
                    throw TLSError(
                        .fileTooLarge, "holds more than \(RevocationList.maximumLists) revocation lists"
                    )
                }
            }
        }
        let read = cmesh_revocation_lists_count(stack)
        guard OpenSSLFailure.isEndOfPEM else {
            throw TLSError(.malformed, "revocation list \(read + 1) in it is damaged", cause: OpenSSLFailure.text)
        }
        guard read > 0 else { throw TLSError(.noRevocationList, "holds no PEM revocation list") }
        object = lists
    }

    /// How many there are.
    var count: Int { Int(cmesh_revocation_lists_count(object.pointer)) }

    /// The list at `index`, owned by this value.
    func at(_ index: Int) -> OpaquePointer? { cmesh_revocation_lists_at(object.pointer, Int32(index)) }
}

/// Reading what a revocation list says, out of OpenSSL's form.
enum X509RevocationFields {
    /// What `list` says. Nothing is checked but that all of it is understood.
    static func issue(_ list: OpaquePointer) throws(TLSError) -> RevocationList.Issue {
        let issuer = try X509Fields.oneLine(X509_CRL_get_issuer(list))
        for index in 0..<X509_CRL_get_ext_count(list) {
            try checkExtension(X509_CRL_get_ext(list, index), of: issuer)
        }
        let entries = X509_CRL_get_REVOKED(list)
        var serialNumbers: [String] = []
        // -1 without any.
        for index in 0..<max(0, cmesh_revoked_count(entries)) {
            let entry = cmesh_revoked_at(entries, index)
            for index in 0..<X509_REVOKED_get_ext_count(entry) {
                try checkExtension(X509_REVOKED_get_ext(entry, index), of: issuer)
            }
            guard let number = X509Fields.number(X509_REVOKED_get0_serialNumber(entry)) else {
                throw TLSError(
                    .malformed,
                    "the revocation list of \(CertificateDescription.shortened(issuer)) has an entry without a number"
                )
            }
            serialNumbers.append(number)
        }
        return RevocationList.Issue(
            issuer: issuer,
            thisUpdate: try X509Fields.seconds(X509_CRL_get0_lastUpdate(list)),
            nextUpdate: try X509_CRL_get0_nextUpdate(list).map { time throws(TLSError) in
                try X509Fields.seconds(time)
            },
            serialNumbers: serialNumbers
        )
    }

    /// A critical extension changes what a list says; none is known here.
    private static func checkExtension(_ found: OpaquePointer?, of issuer: String) throws(TLSError) {
        guard let found, X509_EXTENSION_get_critical(found) > 0 else { return }
        let object = X509_EXTENSION_get_object(found)
        let name = OBJ_nid2sn(OBJ_obj2nid(object)).map { String(cString: $0) } ?? "an unknown one"
        throw TLSError(
            .malformed,
            "the revocation list of \(CertificateDescription.shortened(issuer)) has a critical extension (\(name)); only "
                + "complete lists of an authority's own certificates can be followed"
        )
    }

    /// Throws unless one of `authorities` has the list's issuer's name, may sign lists, and has signed this one.
    static func checkSignature(
        _ list: OpaquePointer, of issue: RevocationList.Issue, by authorities: borrowing X509CertificateList
    ) throws(TLSError) {
        let name = CertificateDescription.shortened(issue.issuer)
        var isKnown = false
        var mayNotSign = false
        for index in 0..<authorities.count {
            guard let authority = authorities.at(index),
                X509_NAME_cmp(X509_get_subject_name(authority), X509_CRL_get_issuer(list)) == 0
            else { continue }
            isKnown = true
            // All bits are set where the certificate does not say.
            guard X509_check_ca(authority) == 1, X509_get_key_usage(authority) & UInt32(KU_CRL_SIGN) != 0 else {
                mayNotSign = true
                continue
            }
            if X509_CRL_verify(list, X509_get0_pubkey(authority)) == 1 { return }
        }
        if mayNotSign {
            throw TLSError(
                .untrusted,
                "the authority \(name) may not sign revocation lists: its key usage lacks cRLSign; revoke its "
                    + "certificates one by one"
            )
        }
        throw TLSError(
            .untrusted,
            isKnown
                ? "the revocation list of \(name) is not signed by the trusted authority of that name"
                : "the revocation list is of \(name), which is not among the trusted authorities"
        )
    }
}

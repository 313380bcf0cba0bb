internal import COpenSSL
public import MeshCore

/// Certificate revocation lists (RFC 5280 §5) of trusted authorities, checked when they are read.
///
/// A list is taken only if a trusted authority that may sign lists has signed it, it has begun and has not ended, and it
/// is a complete list of that authority's own certificates: what a list with a critical extension means (a part of the
/// certificates, changes to another list, lists in another's name) is not known here. Whatever is wrong makes the whole
/// text an error, because a list that is passed over lets revoked certificates in.
///
/// What is revoked stays revoked while the process keeps the value: a list that ends later is not forgotten.
public struct RevocationList: Hashable, Sendable {
    /// The most lists in one text.
    public static let maximumLists = 64

    /// One authority's list.
    public struct Issue: Hashable, Sendable {
        /// The authority's whole name on one line.
        public var issuer: String
        /// When the list began, in seconds since 1970.
        public var thisUpdate: Int64
        /// When the authority will have made the next list at the latest, in seconds since 1970; `nil` if it does not
        /// say.
        public var nextUpdate: Int64?
        /// The serial numbers of the revoked certificates, in hexadecimal, in the list's order.
        public var serialNumbers: [String]
    }

    /// The lists, in the text's order.
    public let issues: [Issue]

    /// Reads and checks every list of a PEM text.
    ///
    /// - Parameters:
    ///   - pem: One list or several, at most ``PEMLimits/maximumFileBytes``; text and other blocks between them are
    ///     skipped.
    ///   - roots: The certificates of the trusted authorities, as PEM text.
    ///   - now: The time to check validity at, in seconds since 1970; `nil` is the present.
    /// - Throws: ``TLSError``: no list, a damaged one, one that no trusted authority signed, one that has ended or not
    ///   begun, or one that says what cannot be followed.
    public init(pem: String, issuedBy roots: String, at now: Int64? = nil) throws(TLSError) {
        let now = now ?? UTCTime.now
        issues = try OpenSSLFailure.contained { () throws(TLSError) in
            let lists = try X509RevocationLists(pem: pem)
            let authorities = try X509CertificateList(pem: roots)
            var issues: [Issue] = []
            for index in 0..<lists.count {
                guard let list = lists.at(index) else { continue }
                let issue = try X509RevocationFields.issue(list)
                try X509RevocationFields.checkSignature(list, of: issue, by: authorities)
                try issue.checkValidity(at: now)
                issues.append(issue)
            }
            return issues
        }
    }

    /// Reads and checks every list of a file.
    ///
    /// - Throws: ``TLSError`` that names the file, as ``init(pem:issuedBy:at:)`` does; ``TLSError`` that names no file
    ///   if the fault is in `roots`.
    public static func load(
        file: String, issuedBy roots: String, at now: Int64? = nil
    ) throws(TLSError) -> RevocationList {
        let pem = try PEMFile.text(of: file)
        _ = try CertificateInspector.count(pem: roots)
        do throws(TLSError) {
            return try RevocationList(pem: pem, issuedBy: roots, at: now)
        } catch {
            throw error.inFile(file)
        }
    }

    /// What the lists revoke.
    public var revoked: RevokedCertificates {
        var revoked = RevokedCertificates()
        for issue in issues {
            for number in issue.serialNumbers { revoked.insert(serialNumber: number, issuer: issue.issuer) }
        }
        return revoked
    }

    /// When the first of the lists ends, in seconds since 1970, so that newer ones are due; `nil` if none says.
    public var nextUpdate: Int64? { issues.compactMap(\.nextUpdate).min() }
}

extension RevocationList.Issue {
    /// Throws unless `now`, in seconds since 1970, is inside the list's validity.
    func checkValidity(at now: Int64) throws(TLSError) {
        let name = CertificateDescription.shortened(issuer)
        guard now >= thisUpdate else {
            throw TLSError(
                .notYetValid,
                "the revocation list of \(name) begins at \(UTCTime.text(thisUpdate)); the clock says "
                    + UTCTime.text(now)
            )
        }
        guard let nextUpdate, now > nextUpdate else { return }
        throw TLSError(
            .expired,
            "the revocation list of \(name) ended at \(UTCTime.text(nextUpdate)); get the authority's present one"
        )
    }
}

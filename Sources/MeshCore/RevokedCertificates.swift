/// Certificates that are refused although a trusted authority issued them and their time has not come.
///
/// A certificate is named by its fingerprint, by its serial number (of one issuer, as revocation lists have it, or of
/// any), or by its common name, which shuts out whoever has a certificate of that name. What leads from a certificate to
/// the root counts as well: with an intermediate authority go all that it issued.
public struct RevokedCertificates: Hashable, Sendable {
    private struct IssuedNumber: Hashable, Sendable {
        var issuer: String
        var serialNumber: String
    }

    private var fingerprints: Set<String> = []
    private var issuedNumbers: Set<IssuedNumber> = []
    private var serialNumbers: Set<String> = []
    private var commonNames: Set<String> = []

    /// None.
    public init() {}

    /// Whether it names nothing.
    public var isEmpty: Bool { count == 0 }

    /// How many names of certificates it holds.
    public var count: Int { fingerprints.count + issuedNumbers.count + serialNumbers.count + commonNames.count }

    /// Revokes the certificate with this SHA-256, in hexadecimal; colons and the letters' case do not matter.
    public mutating func insert(fingerprint: String) {
        fingerprints.insert(Self.digits(fingerprint))
    }

    /// Revokes the certificate that `issuer` (its name on one line, as `PeerIdentity.issuer` has it) gave this serial
    /// number, in hexadecimal; `nil`: that any issuer gave it.
    ///
    /// Two authorities of the same name are not told apart.
    public mutating func insert(serialNumber: String, issuer: String?) {
        let number = Self.number(serialNumber)
        if let issuer {
            issuedNumbers.insert(IssuedNumber(issuer: issuer, serialNumber: number))
        } else {
            serialNumbers.insert(number)
        }
    }

    /// Revokes all certificates with this common name, also those that are issued later.
    public mutating func insert(commonName: String) {
        commonNames.insert(commonName)
    }

    /// Revokes what `other` revokes, too.
    public mutating func formUnion(_ other: RevokedCertificates) {
        fingerprints.formUnion(other.fingerprints)
        issuedNumbers.formUnion(other.issuedNumbers)
        serialNumbers.formUnion(other.serialNumbers)
        commonNames.formUnion(other.commonNames)
    }

    /// Why a peer is refused, for its operator to read; `nil` if nothing of it is revoked.
    ///
    /// - Complexity: O(1) for each certificate that the peer showed.
    public func refusal(of peer: PeerIdentity) -> String? {
        if isEmpty { return nil }
        if let name = peer.commonName, commonNames.contains(name) {
            return "certificates with the common name \(Self.shortened(name)) are revoked"
        }
        if contains(peer.certificate) {
            return "the certificate with the serial number \(Self.shortened(peer.serialNumber)) is revoked"
        }
        guard let authority = peer.intermediates.first(where: contains) else { return nil }
        return """
            the certificate with the serial number \(Self.shortened(authority.serialNumber)), which was shown as \
            leading to the root, is revoked
            """
    }

    private func contains(_ certificate: CertificateID) -> Bool {
        let number = Self.number(certificate.serialNumber)
        return fingerprints.contains(Self.digits(certificate.fingerprint)) || serialNumbers.contains(number)
            || issuedNumbers.contains(IssuedNumber(issuer: certificate.issuer, serialNumber: number))
    }

    /// Hexadecimal digits in the one form that is compared.
    static func digits(_ text: String) -> String {
        text.filter { $0 != ":" }.lowercased()
    }

    /// A number without the zeros in front, of which some write one and some none.
    private static func number(_ text: String) -> String {
        String(digits(text).drop { $0 == "0" })
    }

    /// Whoever made a certificate chose how long what it says is.
    private static func shortened(_ text: String) -> String {
        text.count > 100 ? text.prefix(100) + "…" : text
    }
}

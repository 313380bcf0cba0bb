/// A text that names no revoked certificates, and why.
public struct RevocationTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public var message: String

    public var description: String { message }
}

extension RevokedCertificates {
    /// Reads one name of certificates: `sha256:HEX` (a fingerprint), `serial:HEX` (a serial number, of any issuer) or
    /// `cn:NAME` (a common name). The digits may have colons between them, as tools write them.
    ///
    /// - Throws: ``RevocationTextError`` if the text is of none of these forms.
    public mutating func insert(parsing text: String) throws(RevocationTextError) {
        let shown = text.prefix(120)
        guard let colon = text.firstIndex(of: ":") else {
            throw RevocationTextError(
                message: "'\(shown)' does not say what it names: write sha256:HEX, serial:HEX or cn:NAME"
            )
        }
        let name = String(text[text.index(after: colon)...])
        let digits = Self.digits(name)
        let isHexadecimal = !digits.isEmpty && digits.utf8.allSatisfy { $0.isHexadecimalDigit }
        switch text[..<colon] {
        case "sha256":
            guard isHexadecimal, digits.utf8.count == 64 else {
                throw RevocationTextError(message: "'\(shown)' is not a SHA-256: it must have 64 hexadecimal digits")
            }
            insert(fingerprint: name)
        case "serial":
            guard isHexadecimal, digits.utf8.count <= 64 else {
                throw RevocationTextError(
                    message: "'\(shown)' is not a serial number: it must have 1 to 64 hexadecimal digits"
                )
            }
            insert(serialNumber: name, issuer: nil)
        case "cn":
            guard !name.isEmpty else { throw RevocationTextError(message: "'\(shown)' has no name behind cn:") }
            insert(commonName: name)
        default:
            throw RevocationTextError(
                message: "'\(shown)' does not say what it names: write sha256:HEX, serial:HEX or cn:NAME"
            )
        }
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}

/// How much text is taken for certificates and keys. These bounds are fixed.
public enum PEMLimits {
    /// The largest file or text, in bytes: 1 MiB, four times the bundle of all public authorities.
    public static let maximumFileBytes = 1 << 20

    /// The most certificates in one file or text.
    public static let maximumCertificates = 512

    /// Throws if `text` is too long to be looked at.
    static func check(_ text: String) throws(TLSError) {
        let count = text.utf8.count
        guard count <= maximumFileBytes else {
            throw TLSError(.fileTooLarge, "holds \(count) bytes; at most \(maximumFileBytes) are read")
        }
    }
}

/// What is wrong with a certificate, a key, a revocation list, or a file that should hold one.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case fileMissing, fileUnreadable, fileUnwritable, fileExists, fileTooLarge
            case noCertificate, noKey, noRevocationList, malformed, keyMismatch
            case notAnAuthority, ownAuthority, untrusted, expired, notYetValid, wrongUsage
            case invalidRequest, libraryFailure
        }

        private let value: Value

        private init(_ value: Value) {
            self.value = value
        }

        /// There is no such file or directory.
        public static let fileMissing = Code(.fileMissing)
        /// The file is there but cannot be read.
        public static let fileUnreadable = Code(.fileUnreadable)
        /// The file or directory cannot be written.
        public static let fileUnwritable = Code(.fileUnwritable)
        /// The file is there already and would have been replaced.
        public static let fileExists = Code(.fileExists)
        /// The file is larger than ``PEMLimits/maximumFileBytes``, or holds too many certificates.
        public static let fileTooLarge = Code(.fileTooLarge)
        /// The text holds no certificate.
        public static let noCertificate = Code(.noCertificate)
        /// The text holds no private key that can be used.
        public static let noKey = Code(.noKey)
        /// The text holds no revocation list.
        public static let noRevocationList = Code(.noRevocationList)
        /// A certificate, a key or a revocation list is damaged or says something that it must not say.
        public static let malformed = Code(.malformed)
        /// The private key is not the certificate's.
        public static let keyMismatch = Code(.keyMismatch)
        /// The certificate may not issue others.
        public static let notAnAuthority = Code(.notAnAuthority)
        /// The authority of this directory was made in it, and is not given up for another.
        public static let ownAuthority = Code(.ownAuthority)
        /// No chain leads from the certificate to a trusted root.
        public static let untrusted = Code(.untrusted)
        /// The certificate has ended.
        public static let expired = Code(.expired)
        /// The certificate has not begun.
        public static let notYetValid = Code(.notYetValid)
        /// The certificate is not for the asked purpose.
        public static let wrongUsage = Code(.wrongUsage)
        /// A name, an address or a time that no certificate can be issued for.
        public static let invalidRequest = Code(.invalidRequest)
        /// OpenSSL failed for a reason of its own, such as memory.
        public static let libraryFailure = Code(.libraryFailure)

        public var description: String { value.rawValue }
    }

    /// The kind of fault.
    public var code: Code

    /// What is wrong, and what to do where that is not plain.
    public var message: String

    /// The file at fault, where there is one.
    public var file: String?

    /// What the system or OpenSSL said, where that helps.
    public var cause: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, file: String? = nil, cause: String? = nil) {
        self.code = code
        self.message = message
        self.file = file
        self.cause = cause
    }

    public var description: String {
        let place = file.map { "\($0): " } ?? ""
        let reason = cause.map { " (\($0))" } ?? ""
        return place + message + reason
    }

    /// The same error, said of `file` unless it names a file already.
    func inFile(_ file: String?) -> TLSError {
        var error = self
        error.file = self.file ?? file
        return error
    }
}

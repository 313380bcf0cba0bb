public import MeshCore

/// Why a connection on which ranges were followed had to be given up.
///
/// Nothing that was applied becomes invalid by it: the next connection resumes or lists again and compares.
public struct FollowError: Error, Hashable, Sendable {
    /// What kind of thing went wrong.
    public enum Code: Hashable, Sendable {
        /// A request failed; ``FollowError/cause`` says how.
        case requestFailed
        /// An answer or a stream's message had no header, or one without `cluster_id`.
        case headerMissing
        /// Another store answered on the same connection.
        case storeChanged
        /// The server refused a watch.
        case watchRefused
        /// The server ended a watch or the stream of watches.
        case watchEnded
        /// The server sent what the protocol does not allow.
        case protocolViolation
        /// A bound of this reader was passed.
        case limitExceeded
        /// Listings had to begin anew too often.
        case listingsInterrupted
        /// Who applies the changes refused to take them from this server.
        case refused
        /// The server did not answer in time.
        case timedOut
    }

    /// What kind of thing went wrong.
    public var code: Code

    /// What happened, in words for an operator.
    public var message: String

    /// The error of the request that failed, where there was one.
    public var cause: EtcdError?

    /// Makes an error.
    public init(_ code: Code, _ message: String, cause: EtcdError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension FollowError: CustomStringConvertible {
    public var description: String { message + (cause.map { ": \($0)" } ?? "") }
}

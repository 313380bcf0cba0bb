/// Why records could not be published or withdrawn.
public struct PublishingError: Error, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public struct Code: Hashable, Sendable {
        private enum Value { case invalidRecord, refusedByStore, noStore }

        private let value: Value

        /// A record is one that no peer would take from this cluster. Nothing was written.
        public static let invalidRecord = Code(value: .invalidRecord)
        /// The store did not take a write: it is full, or a record is larger than one write may be.
        public static let refusedByStore = Code(value: .refusedByStore)
        /// The agent follows an etcd and has no store of its own; writes belong there.
        public static let noStore = Code(value: .noStore)
    }

    /// What kind of fault it is.
    public var code: Code

    /// Which record was refused, why, and what to do about it.
    public var message: String

    /// The error behind it, if there is one.
    public var cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}

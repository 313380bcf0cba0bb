public import MeshCore

/// A received message that cannot be taken, and why.
public struct WireMessageError: Error, Hashable, Sendable {
    /// What kind of fault it is.
    public struct Code: Hashable, Sendable {
        private enum Value {
            case malformed, tooLarge, tooDeep, tooManyFields, invalidSortOption, invalidComparison, emptyOperation
        }

        private let value: Value

        /// The bytes are not this message.
        public static let malformed = Code(value: .malformed)
        /// The message has more bytes than ``MessageLimits/maximumBytes``.
        public static let tooLarge = Code(value: .tooLarge)
        /// Messages lie in each other deeper than ``MessageLimits/maximumDepth``.
        public static let tooDeep = Code(value: .tooDeep)
        /// The message has more fields than ``MessageLimits/maximumFields``.
        public static let tooManyFields = Code(value: .tooManyFields)
        /// A read asks for an order or a sort target that etcd does not have.
        public static let invalidSortOption = Code(value: .invalidSortOption)
        /// A transaction compares in a way, or a field, that etcd does not have.
        public static let invalidComparison = Code(value: .invalidComparison)
        /// A step of a transaction says nothing to do.
        public static let emptyOperation = Code(value: .emptyOperation)
    }

    /// What kind of fault it is.
    public var code: Code

    /// What is wrong, with the message's name.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Says that the bytes of a message break protobuf's encoding.
    init(malformed name: String, _ cause: WireFormatError) {
        self.init(.malformed, "\(name): \(cause.message)")
    }

    /// What a server answers to such a message: etcd's text where it has one.
    ///
    /// etcd answers bytes that it cannot unpack with Internal, as its gRPC library does; here it is InvalidArgument,
    /// since the fault is the sender's.
    public var etcdError: EtcdError {
        if code == .tooLarge { return .requestTooLarge }
        if code == .invalidSortOption { return .invalidSortOption }
        if code == .emptyOperation { return .keyNotFound }
        return EtcdError(.invalidArgument, "etcdserver: \(message)")
    }
}

extension WireMessageError: CustomStringConvertible {
    public var description: String { message }
}

/// Does `body`, and throws what a server answers to a message that cannot be taken.
package func asEtcdError<Value>(_ body: () throws(WireMessageError) -> Value) throws(EtcdError) -> Value {
    do {
        return try body()
    } catch {
        throw error.etcdError
    }
}

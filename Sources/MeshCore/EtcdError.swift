/// The outcome of a call, by gRPC's numbers (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
public struct StatusCode: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public var rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    public static let ok = StatusCode(rawValue: 0)
    public static let cancelled = StatusCode(rawValue: 1)
    public static let unknown = StatusCode(rawValue: 2)
    public static let invalidArgument = StatusCode(rawValue: 3)
    public static let deadlineExceeded = StatusCode(rawValue: 4)
    public static let notFound = StatusCode(rawValue: 5)
    public static let alreadyExists = StatusCode(rawValue: 6)
    public static let permissionDenied = StatusCode(rawValue: 7)
    public static let resourceExhausted = StatusCode(rawValue: 8)
    public static let failedPrecondition = StatusCode(rawValue: 9)
    public static let aborted = StatusCode(rawValue: 10)
    public static let outOfRange = StatusCode(rawValue: 11)
    public static let unimplemented = StatusCode(rawValue: 12)
    public static let internalError = StatusCode(rawValue: 13)
    public static let unavailable = StatusCode(rawValue: 14)
    public static let dataLoss = StatusCode(rawValue: 15)
    public static let unauthenticated = StatusCode(rawValue: 16)
}

extension StatusCode: CustomStringConvertible {
    private static let names = [
        "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
        "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented",
        "Internal", "Unavailable", "DataLoss", "Unauthenticated",
    ]

    /// The name as etcd's clients print it, for example `PermissionDenied`.
    public var description: String {
        Self.names.indices.contains(Int(rawValue)) ? Self.names[Int(rawValue)] : "Code(\(rawValue))"
    }
}

/// An error of etcd's API: the code and the exact text that etcd answers with.
public struct EtcdError: Error, Hashable, Sendable {
    /// The code of the answer.
    public var code: StatusCode

    /// The text of the answer, as etcd writes it.
    public var message: String

    /// Makes an error.
    public init(_ code: StatusCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same request may succeed later, unchanged.
    public var isRetriable: Bool { code == .unavailable || code == .resourceExhausted }
}

extension EtcdError: CustomStringConvertible {
    /// Code and text as etcd's clients print them.
    public var description: String { "rpc error: code = \(code) desc = \(message)" }
}

extension EtcdError {
    public static let emptyKey = EtcdError(.invalidArgument, "etcdserver: key is not provided")
    public static let duplicateKey = EtcdError(
        .invalidArgument,
        "etcdserver: duplicate key given in txn request"
    )
    public static let tooManyOperations = EtcdError(
        .invalidArgument,
        "etcdserver: too many operations in txn request"
    )
    public static let requestTooLarge = EtcdError(.invalidArgument, "etcdserver: request is too large")
    public static let invalidSortOption = EtcdError(.invalidArgument, "etcdserver: invalid sort option")
    public static let valueProvided = EtcdError(.invalidArgument, "etcdserver: value is provided")
    public static let leaseProvided = EtcdError(.invalidArgument, "etcdserver: lease is provided")
    public static let keyNotFound = EtcdError(.invalidArgument, "etcdserver: key not found")
    public static let compacted = EtcdError(
        .outOfRange,
        "etcdserver: mvcc: required revision has been compacted"
    )
    public static let futureRevision = EtcdError(
        .outOfRange,
        "etcdserver: mvcc: required revision is a future revision"
    )
    public static let leaseNotFound = EtcdError(.notFound, "etcdserver: requested lease not found")
    public static let leaseExists = EtcdError(.failedPrecondition, "etcdserver: lease already exists")
    public static let leaseTTLTooLarge = EtcdError(.outOfRange, "etcdserver: too large lease TTL")
    public static let permissionDenied = EtcdError(.permissionDenied, "etcdserver: permission denied")
    public static let authNotEnabled = EtcdError(
        .failedPrecondition,
        "etcdserver: authentication is not enabled"
    )
    public static let noSpace = EtcdError(.resourceExhausted, "etcdserver: mvcc: database space exceeded")
    public static let tooManyRequests = EtcdError(.resourceExhausted, "etcdserver: too many requests")
    public static let stopped = EtcdError(.unavailable, "etcdserver: server stopped")
}

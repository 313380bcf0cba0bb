/// A write of one pair.
public struct PutRequest: Hashable, Sendable {
    /// The key to write.
    public var key: Key
    /// Its new value.
    public var value: [UInt8]
    /// The lease to attach it to; ``LeaseID/none`` detaches it.
    public var lease: LeaseID = .none
    /// Whether the answer brings the pair before the write.
    public var previousPair = false
    /// Keeps the present value; the key must exist and `value` be empty.
    public var ignoreValue = false
    /// Keeps the present lease; the key must exist and `lease` be none.
    public var ignoreLease = false

    /// A write of `value` at `key`.
    public init(_ key: Key, _ value: [UInt8]) {
        self.key = key
        self.value = value
    }
}

/// A deletion of all keys of a range.
public struct DeleteRequest: Hashable, Sendable {
    /// The keys to delete.
    public var range: KeyRange
    /// Whether the answer brings the deleted pairs.
    public var previousPairs = false

    /// A deletion of `range`.
    public init(_ range: KeyRange) {
        self.range = range
    }
}

/// A condition on the pairs of a range; it holds if it holds for every key of the range.
public struct Compare: Hashable, Sendable {
    /// How a pair's field is compared with the given value.
    public enum Relation: Int32, Hashable, Sendable, CaseIterable {
        case equal = 0
        case greater = 1
        case less = 2
        case notEqual = 3
    }

    /// The field to compare, with the value to compare it with.
    public enum Target: Hashable, Sendable {
        case version(Int64)
        case createRevision(Revision)
        case modRevision(Revision)
        case value([UInt8])
        case lease(LeaseID)
    }

    /// The keys whose pairs are compared.
    public var range: KeyRange
    /// How they are compared.
    public var relation: Relation
    /// With what they are compared.
    public var target: Target

    /// A condition on one key or on all keys of a range.
    public init(_ range: KeyRange, _ relation: Relation, _ target: Target) {
        self.range = range
        self.relation = relation
        self.target = target
    }
}

/// Conditions, and what is done when they hold or do not: all in one revision.
public struct TransactionRequest: Hashable, Sendable {
    /// One step of a transaction; it sees what the steps before it did.
    public enum Operation: Hashable, Sendable {
        case range(RangeRequest)
        case put(PutRequest)
        case delete(DeleteRequest)
        indirect case transaction(TransactionRequest)
    }

    /// The conditions; all must hold. None means that they hold.
    public var compares: [Compare]
    /// What is done when the conditions hold.
    public var success: [Operation]
    /// What is done when they do not.
    public var failure: [Operation]

    /// Makes a transaction.
    public init(compares: [Compare] = [], success: [Operation], failure: [Operation] = []) {
        self.compares = compares
        self.success = success
        self.failure = failure
    }
}

/// The answer to a ``PutRequest``.
public struct PutAnswer: Hashable, Sendable {
    /// The store's revision after the write.
    public var revision: Revision
    /// The pair before the write, if asked for and there was one.
    public var previous: KeyValue?

    /// Makes an answer.
    public init(revision: Revision, previous: KeyValue? = nil) {
        self.revision = revision
        self.previous = previous
    }
}

/// The answer to a ``DeleteRequest``.
public struct DeleteAnswer: Hashable, Sendable {
    /// The store's revision after the deletion.
    public var revision: Revision
    /// The number of keys deleted.
    public var deleted: Int64
    /// The deleted pairs, if asked for.
    public var previous: [KeyValue]

    /// Makes an answer.
    public init(revision: Revision, deleted: Int64, previous: [KeyValue] = []) {
        self.revision = revision
        self.deleted = deleted
        self.previous = previous
    }
}

/// The answer to a ``TransactionRequest``.
public struct TransactionAnswer: Hashable, Sendable {
    /// The answer to one step.
    public enum OperationAnswer: Hashable, Sendable {
        case range(RangeAnswer)
        case put(PutAnswer)
        case delete(DeleteAnswer)
        indirect case transaction(TransactionAnswer)
    }

    /// Whether the conditions held.
    public var succeeded: Bool
    /// The answers to the steps that were done, in their order.
    public var answers: [OperationAnswer]
    /// The store's revision after the transaction.
    public var revision: Revision

    /// Makes an answer.
    public init(succeeded: Bool, answers: [OperationAnswer], revision: Revision) {
        self.succeeded = succeeded
        self.answers = answers
        self.revision = revision
    }
}

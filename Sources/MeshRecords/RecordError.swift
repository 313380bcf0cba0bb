public import MeshCore

/// A record that was not taken, and why.
///
/// It concerns one key only: other records are not affected.
public struct RecordError: Error, Hashable, Sendable {
    /// Why a record was not taken, for counting and deciding.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The key is not one of a record.
        case unknownKey
        /// The key begins like a record's but names none.
        case malformedKey
        /// The value is larger than allowed.
        case tooLarge
        /// The value cannot be read.
        case malformedValue
        /// The record is another cluster's, by name or ID.
        case foreignCluster
        /// The value names another record than the key.
        case keyMismatch
        /// An identity is outside the cluster's range, or has no label of the cluster.
        case foreignIdentity
        /// The cluster's config asks for what is not supported.
        case unsupportedConfig
    }

    /// Why, in one word.
    public var reason: Reason
    /// The record's key, if it has one yet.
    public var key: Key?
    /// Why, for people.
    public var message: String

    /// Makes an error.
    public init(_ reason: Reason, key: Key? = nil, _ message: String) {
        self.reason = reason
        self.key = key
        self.message = message
    }

    /// The same error, naming `key`.
    func at(_ key: Key) -> RecordError {
        RecordError(reason, key: key, message)
    }
}

extension RecordError: CustomStringConvertible {
    /// For example `cilium/state/nodes/v1/kos/n1: cluster 'hurup' in the value, expected 'kos'`.
    public var description: String {
        (key.map { "\($0): " } ?? "") + message
    }
}

public import MeshCore
public import MeshRecords

extension IPCache {
    /// What counts for a prefix.
    public struct Entry: Hashable, Sendable {
        /// The addresses; masked.
        public var prefix: IPPrefix
        /// The cluster whose word counts.
        public var cluster: ClusterName
        /// What it says.
        public var record: IPRecord
        /// The identity as the local cluster must see it; see ``IPCache/remoteNodeIdentity``.
        public var identity: UInt32
        /// The other clusters that speak of the same prefix, in the order of their names.
        public var rivals: [ClusterName]

        /// The node to which traffic is tunnelled.
        public var hostIP: IPAddress? { record.hostIP }
    }

    /// An entry that appeared, changed or vanished, its rivals included.
    public struct Change: Hashable, Sendable {
        /// The addresses.
        public var prefix: IPPrefix
        /// The entry before; `nil` if there was none.
        public var old: Entry?
        /// The entry now; `nil` if it is gone.
        public var new: Entry?
    }

    /// Several clusters speak of the same prefix.
    public struct Conflict: Hashable, Sendable, CustomStringConvertible {
        /// The addresses; masked.
        public var prefix: IPPrefix
        /// The cluster whose word counts: the local one, else the first by name.
        public var winner: ClusterName
        /// The other clusters, in the order of their names.
        public var rivals: [ClusterName]

        /// For example `10.9.0.1/32: hurup counts, also claimed by kos, rhodes`.
        public var description: String {
            "\(prefix): \(winner) counts, also claimed by " + rivals.map(\.rawValue).joined(separator: ", ")
        }
    }
}

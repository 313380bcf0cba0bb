public import MeshCore

/// Two clusters give pods addresses of overlapping ranges: their pods cannot be told apart by address.
public struct PodCIDRConflict: Hashable, Sendable, CustomStringConvertible {
    /// The pod range of a node.
    public struct PodRange: Hashable, Sendable, CustomStringConvertible {
        /// The addresses; masked.
        public var cidr: IPPrefix
        /// The cluster of the node.
        public var cluster: ClusterName
        /// The node's name.
        public var node: String

        /// For example `10.4.0.0/16 of kos/n1`.
        public var description: String { "\(cidr) of \(cluster)/\(node)" }
    }

    /// The wider range; of equal ones that of the first cluster by name.
    public var outer: PodRange
    /// A range of another cluster that lies in it; of several the first by address, then by cluster and node.
    public var inner: PodRange

    /// For example `pod range 10.4.0.0/16 of kos/n1 overlaps 10.4.7.0/24 of hurup/n2`.
    public var description: String { "pod range \(outer) overlaps \(inner)" }
}

public import ClusterMesh

/// One cluster of a ``TestMesh``.
public struct TestCluster: Sendable {
    /// The cluster's name.
    public var name: String

    /// The cluster's number.
    public var id: Int

    /// What its store holds from the beginning.
    public var state: [StateLine]

    /// Whether it says at once that this is all of its state (``MeshAgent/initialStateComplete()``). Default true.
    public var isComplete = true

    /// The clusters that it mirrors; `nil`, the default, means all others.
    public var peers: [String]?

    /// Changes its configuration before its agent is made; does nothing by default.
    public var adjust: @Sendable (inout MeshConfiguration) -> Void = { _ in }

    /// A cluster that mirrors all others.
    public init(_ name: String, id: Int, state: [StateLine] = []) {
        self.name = name
        self.id = id
        self.state = state
    }
}

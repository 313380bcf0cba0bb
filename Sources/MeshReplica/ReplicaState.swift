/// What a replica is doing.
public enum ReplicaState: String, Hashable, Sendable, CaseIterable {
    /// It does not run.
    case idle
    /// It connects to an endpoint, and finds out whether it can go on where it was.
    case connecting
    /// It reads everything, for the first time or because it can't go on where it was.
    case listing
    /// It is told every change as it is made.
    case watching
    /// It waits before it tries the next endpoint.
    case disconnected

    /// Whether the store is told of changes as they are made.
    public var isFollowing: Bool { self == .watching }
}

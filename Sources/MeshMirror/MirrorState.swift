/// What a mirror is doing.
public enum MirrorState: String, Hashable, Sendable, CaseIterable {
    /// It was not started, or it was shut down; what it holds is kept.
    case idle
    /// It tries to reach one of the peer's endpoints.
    case connecting
    /// It reached the peer and waits for the cluster config that says who it is.
    case identifying
    /// It reads the peer's state for the first time on this connection, or verifies that it can go on where it was.
    case listing
    /// It follows the peer's changes: what it holds is current.
    case watching
    /// It reads the peer's state again, because the history that it needs is gone or is another one.
    case resyncing
    /// The connection ended; what it holds is kept and stale, and it will try again.
    case disconnected
    /// It was removed, and withdraws what it holds.
    case draining
    /// It was removed, and holds nothing.
    case gone

    /// Whether what the mirror holds is known to be the peer's present state.
    public var isCurrent: Bool { self == .watching }
}

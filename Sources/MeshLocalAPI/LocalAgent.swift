public import MeshCore

/// What a local server can ask of the agent that it belongs to.
public struct LocalAgent: Sendable {
    /// Declares that the store holds all of the cluster's records, and returns the store's revision with what that
    /// publishes. Saying it again is harmless.
    public var declareInitialStateComplete: @Sendable () throws -> Revision

    /// Tells how the agent is doing; must not wait.
    public var status: @Sendable () -> AgentStatus

    /// Makes an agent of two functions, which may be called from any thread.
    public init(
        declareInitialStateComplete: @escaping @Sendable () throws -> Revision,
        status: @escaping @Sendable () -> AgentStatus
    ) {
        self.declareInitialStateComplete = declareInitialStateComplete
        self.status = status
    }
}

internal import ClusterMesh
internal import Logging
internal import MeshCore
internal import ServiceLifecycle

/// An agent with what runs it: started once by its mesh, stopped gracefully by whoever holds it.
final class RunningAgent: Sendable {
    let agent: MeshAgent
    private let group: ServiceGroup
    private let end = Locked(End())

    private struct End {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ agent: MeshAgent, logger: Logger) {
        self.agent = agent
        group = ServiceGroup(services: [agent], logger: logger)
    }

    /// Runs the agent until it is stopped or the task is cancelled.
    func run() async throws {
        defer {
            let waiters = end.withLock { end in
                end.hasEnded = true
                defer { end.waiters = [] }
                return end.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
        try await group.run()
    }

    /// Shuts the agent down gracefully and waits until ``run()`` has ended.
    func stop() async {
        await group.triggerGracefulShutdown()
        await withCheckedContinuation { continuation in
            let hasEnded = end.withLock { end in
                if !end.hasEnded { end.waiters.append(continuation) }
                return end.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}

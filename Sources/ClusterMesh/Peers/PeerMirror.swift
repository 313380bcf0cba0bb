internal import Logging
internal import MeshCore
internal import MeshMirror

/// A peer's mirror and what runs it: what it says goes to the views until it has ended.
final class PeerMirror: Sendable {
    let mirror: RemoteClusterMirror
    private let withdrawals: AsyncStream<Void>
    private let withdrawal: AsyncStream<Void>.Continuation

    init(_ mirror: RemoteClusterMirror) {
        self.mirror = mirror
        // One wish is as good as many.
        (withdrawals, withdrawal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has ``run(feeding:logger:)`` withdraw everything that the peer said, and end.
    func withdraw() { withdrawal.yield() }

    /// Mirrors until the task is cancelled, the service group shuts down, or ``withdraw()`` is called. When it returns,
    /// the views have all that the mirror will ever say.
    func run(feeding views: MergedViews, logger: Logger) async {
        let changes = mirror.changes()
        views.apply(changes.snapshot.updates)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await updates in changes { views.apply(updates) } }
            group.addTask { [mirror, withdrawals] in
                for await _ in withdrawals { await mirror.drain() }
            }
            do {
                try await mirror.run()
            } catch {
                // One that was withdrawn before it ran has nothing to do.
                if mirror.status.state != .gone { logger.error("\(error)") }
            }
            withdrawal.finish()
            await group.waitForAll()
        }
    }
}

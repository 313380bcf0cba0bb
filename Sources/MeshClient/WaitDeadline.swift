internal import MeshCore

/// Ends a wait that takes too long: a child task that calls `expire` unless the wait ends first.
package struct WaitDeadline: Sendable {
    private let limit: Duration
    private let expire: @Sendable () async -> Bool
    private let over = Locked(false)

    /// - Parameter expire: Makes the wait end; answers false if it is to go on after all.
    package init(_ limit: Duration, expire: @escaping @Sendable () async -> Bool) {
        self.limit = limit
        self.expire = expire
    }

    /// Whether the wait took too long.
    package var isOver: Bool { over.withLock { $0 } }

    /// Waits for `body`, which has to end soon after `expire` answered true.
    package func guarding<Result: Sendable>(_ body: () async -> Result) async -> Result {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return }
                if await expire() { over.withLock { $0 = true } }
            }
            let result = await body()
            group.cancelAll()
            return result
        }
    }
}

internal import MeshCore

/// Ends a wait that takes too long: a child task that calls `expire` unless the wait ends first.
package struct WaitDeadline: Sendable {
    /// The longest single sleep: 500 ms. Swift keeps what a cancelled sleep took until its time is up, so that a sleep
    /// over the whole limit at each of many short waits would hold memory for as long as the limit.
    static let slice: Duration = .milliseconds(500)

    private let limit: Duration
    private let isNeeded: @Sendable () -> Bool
    private let expire: @Sendable () async -> Void
    private let over = Locked(false)

    /// - Parameters:
    ///   - limit: How long the wait may take.
    ///   - isNeeded: Whether what is waited for has not come about yet; once false, there is no limit any more.
    ///   - expire: Makes the wait end.
    package init(
        _ limit: Duration,
        while isNeeded: @escaping @Sendable () -> Bool = { true },
        expire: @escaping @Sendable () async -> Void
    ) {
        self.limit = limit
        self.isNeeded = isNeeded
        self.expire = expire
    }

    /// Whether the wait took too long.
    package var isOver: Bool { over.withLock { $0 } }

    /// Waits for `body`, which has to end soon after `expire` was called.
    package func guarding<Result: Sendable>(_ body: () async -> Result) async -> Result {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch() }
            let result = await body()
            group.cancelAll()
            return result
        }
    }

    private func watch() async {
        let deadline = ContinuousClock.now + limit
        while isNeeded() {
            let rest = ContinuousClock.now.duration(to: deadline)
            guard rest > .zero else {
                over.withLock { $0 = true }
                return await expire()
            }
            do { try await Task.sleep(for: min(rest, Self.slice)) } catch { return }
        }
    }
}

internal import MeshCore
internal import MeshWire

/// Whether a server should be used, as it tells by gRPC's health protocol (`grpc.health.v1`).
///
/// One may be shared by several servers of one store. Only the server as a whole has a state (the service with the
/// empty name), as in etcd; a server that is not serving answers all the same.
public final class ServingHealth: Sendable {
    typealias Watcher = ObjectIdentifier

    private struct State: Sendable {
        var isServing: Bool
        var watchers: [Watcher: @Sendable () -> Void] = [:]
    }

    private let state: Locked<State>

    /// Starts serving, or not.
    public init(isServing: Bool = true) {
        state = Locked(State(isServing: isServing))
    }

    /// Whether clients should use the server. A change is told to everyone who watches it.
    public var isServing: Bool {
        get { state.withLock { $0.isServing } }
        set {
            let wakes = state.withLock { state -> [@Sendable () -> Void] in
                guard state.isServing != newValue else { return [] }
                state.isServing = newValue
                return Array(state.watchers.values)
            }
            for wake in wakes { wake() }
        }
    }

    /// The state of a service; `nil` if it is not known.
    func status(of service: String) -> HealthStatus? {
        guard service.isEmpty else { return nil }
        return isServing ? .serving : .notServing
    }

    /// Calls `wake` at every change, on the changing thread, until ``remove(_:)``.
    func add(_ watcher: Watcher, _ wake: @escaping @Sendable () -> Void) {
        state.withLock { $0.watchers[watcher] = wake }
    }

    /// Forgets a watcher.
    func remove(_ watcher: Watcher) {
        // What the closure holds is released outside the lock.
        let wake = state.withLock { $0.watchers.removeValue(forKey: watcher) }
        _ = consume wake
    }

    /// How many watch.
    var watcherCount: Int { state.withLock { $0.watchers.count } }
}

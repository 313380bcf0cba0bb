internal import MeshCore
internal import Testing

/// A clock that stands still until a test moves it.
public final class ManualClock: Clock, Sendable {
    /// A point in the clock's time.
    public struct Instant: InstantProtocol {
        /// How far it is from the clock's beginning.
        public var sinceStart: Duration

        public func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }

        public func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }

        public static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    }

    private struct Sleeper {
        var id: Int
        var deadline: Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(sinceStart: .zero)
        var sleepers: [Sleeper] = []
        var lastID = 0
        /// Cancelled before they slept.
        var cancelled: Set<Int> = []
    }

    private let state = Locked(State())

    /// A clock at its beginning.
    public init() {}

    public var now: Instant { state.withLock { $0.now } }

    public var minimumResolution: Duration { .nanoseconds(1) }

    /// How many tasks sleep.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves the time forward and wakes those whose time has come.
    public func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let woken = state.sleepers.filter { $0.deadline <= state.now }
            state.sleepers.removeAll { $0.deadline <= state.now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Moves the time forward in steps, and before each waits until `sleepers` tasks sleep: so each of them sees every
    /// step. Returns when they sleep again, having done what the last step had for them.
    public func step(by step: Duration, times: Int = 1, sleepers: Int = 1) async throws {
        for _ in 0..<times {
            try await eventually("\(sleepers) tasks sleep") { sleeperCount >= sleepers }
            advance(by: step)
        }
        try await eventually("\(sleepers) tasks sleep") { sleeperCount >= sleepers }
    }

    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                if let place = state.sleepers.firstIndex(where: { $0.id == id }) {
                    return state.sleepers.remove(at: place)
                }
                state.cancelled.insert(id)
                return nil
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

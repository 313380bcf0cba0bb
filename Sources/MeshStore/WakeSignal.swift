internal import MeshCore

/// Lets one task wait until somebody wakes it. A wake that comes while nobody waits is kept for the next wait, and
/// several count as one.
final class WakeSignal: Sendable {
    private enum State {
        case quiet
        case woken
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Locked(State.quiet)

    /// Ends the present wait, or the next one at once.
    func wake() {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            switch state {
            case .waiting(let continuation):
                state = .quiet
                return continuation
            case .quiet, .woken:
                state = .woken
                return nil
            }
        }
        continuation?.resume()
    }

    /// Waits until ``wake()`` was called since the last wait, or the task is cancelled. One task may wait at a time.
    func wait(isolation actor: isolated (any Actor)? = #isolation) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: actor) { continuation in
                let resumeNow = state.withLock { state in
                    switch state {
                    case .quiet:
                        state = .waiting(continuation)
                        return false
                    case .woken:
                        state = .quiet
                        return true
                    case .waiting:
                        preconditionFailure("two tasks iterate over one watch")
                    }
                }
                if resumeNow { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }
}

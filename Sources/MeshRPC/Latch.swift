internal import MeshCore

/// Something that happens once, and those who wait for it.
final class Latch: Sendable {
    private struct State: Sendable {
        var isOpen = false
        var lastNumber = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Locked(State())

    /// It happened. Whoever waits goes on; later calls do nothing.
    func open() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            state.isOpen = true
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Whether it has happened.
    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Waits until it happens, whatever becomes of the waiting task.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen {
                    state.lastNumber += 1
                    state.waiting[state.lastNumber] = continuation
                }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Waits until it happens or the waiting task is cancelled.
    func waitUnlessCancelled() async {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    // Looked at under the lock: the handler below looks for the continuation under it too.
                    let goesOn = state.isOpen || Task.isCancelled
                    if !goesOn { state.waiting[number] = continuation }
                    return goesOn
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { $0.waiting.removeValue(forKey: number) }
            continuation?.resume()
        }
    }

    /// Waits until it happens, the waiting task is cancelled, or `time` has passed.
    func wait(atMost time: Duration) async {
        if isOpen || time <= .zero { return }
        await withTaskGroup { group in
            group.addTask { await self.waitUnlessCancelled() }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }
}

internal import Foundation
internal import MeshCore

/// The one thread that starts child processes, alive as long as this process.
///
/// A child that asks to be killed when its parent dies is killed when the *thread* that started it ends, and the threads
/// of Swift's pool come and go.
final class SpawningThread: Sendable {
    static let shared = SpawningThread()

    private let pending = DispatchSemaphore(value: 0)
    private let work = Locked<[@Sendable () -> Void]>([])

    private init() {
        let thread = Thread { [pending, work] in
            while true {
                pending.wait()
                let next = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                next?()
            }
        }
        thread.name = "spawn"
        thread.start()
    }

    /// Runs `body` on the thread and awaits its result.
    func perform<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            work.withLock { $0.append { continuation.resume(returning: body()) } }
            pending.signal()
        }
    }
}

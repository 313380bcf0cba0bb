internal import Foundation
internal import MeshCore
internal import MeshRecords
internal import MeshViews

/// Another thread that applies updates to a view, again and again, while something else is measured.
final class BackgroundWriter<Engine: MergeEngine>: Sendable {
    private let view: View<Engine>
    private let batches: [[RecordUpdate]]
    private let state = Locked(State())
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var applied = 0
        var isStopping = false
    }

    init(_ view: View<Engine>, _ batches: [[RecordUpdate]]) {
        self.view = view
        self.batches = batches
    }

    /// Runs `body` while the thread writes: after its first batch, and until `body` ends. Returns how many batches were
    /// applied meanwhile.
    func run(_ body: () throws -> Void) rethrows -> Int {
        state.withLock { $0 = State() }
        Thread { self.write() }.start()
        while applied == 0 { Thread.sleep(forTimeInterval: 0.000_1) }
        defer {
            state.withLock { $0.isStopping = true }
            ended.wait()
        }
        let before = applied
        try body()
        return applied - before
    }

    private var applied: Int { state.withLock { $0.applied } }

    private func write() {
        while !state.withLock({ $0.isStopping }) {
            view.apply(batches[applied % batches.count])
            state.withLock { $0.applied += 1 }
        }
        ended.signal()
    }
}

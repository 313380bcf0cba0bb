import Testing

@testable import MeshMirror

struct HeartbeatMonitorTests {
    private let start = ContinuousClock.now

    private func monitor(isAlwaysExpected: Bool = true) -> HeartbeatMonitor {
        HeartbeatMonitor(timeout: .seconds(120), isAlwaysExpected: isAlwaysExpected)
    }

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("heartbeat stopped: the peer counts as dead 120 s after the last one, by the receiver's clock")
    func stopped() {
        var monitor = monitor()
        monitor.connectionBegan()
        monitor.beat(at: after(0))
        monitor.watchBegan(at: after(1))
        monitor.beat(at: after(60))
        #expect(!monitor.isOverdue(at: after(179)))
        #expect(monitor.isOverdue(at: after(180)))
        #expect(monitor.deadline == after(180) && monitor.lastBeat == after(60))
    }

    @Test("without any heartbeat the time begins with the first listing, not with the connection")
    func neverSeen() {
        var monitor = monitor()
        monitor.connectionBegan()
        #expect(monitor.deadline == nil, "a slow way to the peer is not its silence")
        monitor.watchBegan(at: after(500))
        #expect(!monitor.isOverdue(at: after(619)) && monitor.isOverdue(at: after(620)))
    }

    @Test("a listed key counts as a heartbeat, however old it is: the next connection waits the whole time again")
    func reconnected() {
        var monitor = monitor()
        monitor.watchBegan(at: after(0))
        #expect(monitor.isOverdue(at: after(120)))
        monitor.connectionBegan()
        #expect(!monitor.isOverdue(at: after(121)))
        monitor.beat(at: after(122))
        monitor.watchBegan(at: after(122))
        #expect(monitor.lastBeat == after(122))
        #expect(!monitor.isOverdue(at: after(241)) && monitor.isOverdue(at: after(242)))
    }

    @Test("where no config is required, only a peer that once wrote a heartbeat is expected to go on")
    func bareStore() {
        var monitor = monitor(isAlwaysExpected: false)
        monitor.watchBegan(at: after(0))
        #expect(!monitor.isOverdue(at: after(100_000)))
        monitor.beat(at: after(100_000))
        #expect(monitor.isOverdue(at: after(100_120)))
        monitor.connectionBegan()
        monitor.watchBegan(at: after(200_000))
        #expect(monitor.isOverdue(at: after(200_120)), "it was seen on an earlier connection")
    }

    @Test("while the mirror itself reads nothing, the time stands still")
    func paused() {
        var monitor = monitor()
        monitor.watchBegan(at: after(0))
        monitor.readingPaused(at: after(100))
        monitor.readingPaused(at: after(150))
        #expect(!monitor.isOverdue(at: after(10_000)))
        monitor.readingResumed(at: after(10_000))
        #expect(!monitor.isOverdue(at: after(10_019)) && monitor.isOverdue(at: after(10_020)))
    }

    @Test("a heartbeat during a pause counts from its own time on")
    func beatWhilePaused() {
        var monitor = monitor()
        monitor.watchBegan(at: after(0))
        monitor.readingPaused(at: after(10))
        monitor.beat(at: after(20))
        monitor.readingResumed(at: after(30))
        #expect(monitor.deadline == after(150), "nothing could be read until 30")
    }

    @Test("a resumption without a pause, and a pause of a former connection, change nothing")
    func unpaired() {
        var monitor = monitor()
        monitor.watchBegan(at: after(0))
        monitor.readingResumed(at: after(50))
        #expect(monitor.deadline == after(120))
        monitor.readingPaused(at: after(60))
        monitor.connectionBegan()
        monitor.watchBegan(at: after(70))
        #expect(monitor.deadline == after(190))
    }

    @Test("without a timeout nobody counts as dead")
    func off() {
        var monitor = HeartbeatMonitor(timeout: nil, isAlwaysExpected: true)
        monitor.watchBegan(at: after(0))
        #expect(monitor.deadline == nil && !monitor.isOverdue(at: after(1_000_000)))
    }
}

extension HeartbeatMonitor {
    /// Whether the peer counts as dead.
    fileprivate func isOverdue(at now: Instant) -> Bool {
        deadline.map { $0 <= now } ?? false
    }
}

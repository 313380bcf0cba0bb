internal import Logging
internal import MeshCore
internal import MeshRecords
internal import MeshStore
internal import MeshTLS

/// Rewrites a store's heartbeat key, by which readers know that whoever fills the store is alive.
///
/// Its value is the time, for people; readers go by their own clocks and by the key's changes (Cilium's rule). Cilium puts
/// a lease on it; here none is needed, as a store in memory is gone with its writer.
struct Heartbeat<C: Clock>: Sendable where C.Duration == Duration {
    private let store: KVStore
    private let interval: Duration
    private let clock: C
    private let time: @Sendable () -> Int64
    private let logger: Logger

    /// - Parameters:
    ///   - interval: Cilium's is 60 s; its readers take a writer for dead after twice that.
    ///   - clock: What the interval is measured by.
    ///   - time: The seconds since 1970.
    init(
        in store: KVStore, every interval: Duration, clock: C = ContinuousClock(),
        time: @escaping @Sendable () -> Int64 = { UTCTime.now }, logger: Logger
    ) {
        self.store = store
        self.interval = interval
        self.clock = clock
        self.time = time
        self.logger = logger
    }

    /// Writes it at once, and then once an interval, until the task is cancelled.
    func run() async {
        var isRefused = false
        repeat {
            do {
                try store.put(KeyLayout.heartbeat, UTCTime.rfc3339(time()))
                isRefused = false
            } catch {
                if !isRefused {
                    logger.warning("the store does not take the heartbeat; peers will reconnect: \(error)")
                }
                isRefused = true
            }
        } while (try? await clock.sleep(for: interval)) != nil
    }
}

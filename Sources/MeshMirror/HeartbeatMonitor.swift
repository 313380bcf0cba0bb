/// Decides whether a peer still writes its heartbeat, by the receiver's clock.
///
/// Every write of the key counts, whatever its value, so that the two clocks need not agree; so does the key where it is
/// listed. A deletion does not. On each connection the time begins when the key is followed, and it stands still while
/// the mirror itself reads nothing: a heartbeat may wait behind what is being listed or applied.
struct HeartbeatMonitor: Sendable {
    typealias Instant = ContinuousClock.Instant

    private let timeout: Duration?
    private let isAlwaysExpected: Bool
    /// From when on the present silence counts; `nil` while the key is not followed.
    private var silentSince: Instant?
    /// Since when the mirror reads nothing; `nil` while it reads.
    private var pausedSince: Instant?

    /// When the last heartbeat was seen; `nil`: never.
    private(set) var lastBeat: Instant?

    /// - Parameters:
    ///   - timeout: The silence after which a peer counts as dead; `nil` never takes it for dead.
    ///   - isAlwaysExpected: Whether a peer of which no heartbeat was ever seen is expected to write them.
    init(timeout: Duration?, isAlwaysExpected: Bool) {
        self.timeout = timeout
        self.isAlwaysExpected = isAlwaysExpected
    }

    /// A connection is tried, or has ended.
    mutating func connectionBegan() {
        silentSince = nil
        pausedSince = nil
    }

    /// The key is listed and followed.
    mutating func watchBegan(at now: Instant) {
        silentSince = now
    }

    /// The key was written, or listed.
    mutating func beat(at now: Instant) {
        lastBeat = now
        if silentSince != nil { silentSince = now }
    }

    /// The mirror stops reading for a while.
    mutating func readingPaused(at now: Instant) {
        if pausedSince == nil { pausedSince = now }
    }

    /// The mirror reads again.
    mutating func readingResumed(at now: Instant) {
        guard let pausedSince else { return }
        self.pausedSince = nil
        silentSince = silentSince.map { $0.advanced(by: max(.zero, max($0, pausedSince).duration(to: now))) }
    }

    /// When the peer counts as dead if nothing comes; `nil` while no heartbeat is waited for.
    var deadline: Instant? {
        guard let timeout, let silentSince, pausedSince == nil, isAlwaysExpected || lastBeat != nil else { return nil }
        return silentSince.advanced(by: timeout)
    }
}

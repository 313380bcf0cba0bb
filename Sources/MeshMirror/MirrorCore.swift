internal import Logging
internal import MeshClient
internal import MeshCore
internal import MeshRecords

/// A mirror's state behind its lock: the machine, the cache, the subscribers, and what status tells.
///
/// The mirror's task writes, anybody reads. Nothing waits under the lock, and nobody is resumed under it.
final class MirrorCore: Sendable {
    let configuration: MirrorConfiguration
    private let logger: Logger
    private let state: Locked<State>

    struct State: ~Copyable {
        var machine: MirrorStateMachine
        var cache: ClusterCache
        /// The cache's records as readers have seen them at last. Kept so that the cache copies what it changes of them:
        /// when a reader lets go of a snapshot, only the reference count says that its last look came first, and
        /// ThreadSanitizer can't see that.
        var seen = RecordTables()
        var status: MirrorStatus
        var subscribers: [ObjectIdentifier: ChangeMailbox<MirrorSnapshot, RecordUpdate>] = [:]
        /// The complete revisions of the ranges.
        var revisions: [Int: Revision] = [:]
        /// Whether the peer's cluster config was there when it was last looked for.
        var hasConfig = false
        var lastCurrent: ContinuousClock.Instant?
        var resync = Resync()
        var rate: ApplyRate
        var said = SaidOnce()
        var run = Run.notStarted
        var drainers: [CheckedContinuation<Void, Never>] = []
        /// What is to be done when the lock is free.
        var afterwards: [@Sendable () -> Void] = []
    }

    /// What the present listing, or the one before watching, found.
    struct Resync {
        var causes: Set<ListingCause> = []
        var changes = ChangeCounts()
        var began: ContinuousClock.Instant = .now
    }

    enum Run {
        case notStarted
        /// The closure makes the running task end.
        case running(@Sendable () -> Void)
        case ended
    }

    init(configuration: MirrorConfiguration, rangeCount: Int, rotation: EndpointRotation, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let machine = MirrorStateMachine(rangeCount: rangeCount, rotation: rotation, backoff: configuration.backoff)
        let status = MirrorStatus(
            cluster: configuration.cluster,
            id: configuration.id,
            state: .idle,
            since: .now
        )
        state = Locked(
            State(
                machine: machine, cache: ClusterCache(cluster: configuration.cluster), status: status,
                rate: configuration.applyRate
            )
        )
    }

    /// Changes the state, tells what it became, and does outside the lock what must be done there.
    func update<Result: Sendable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var afterwards: [@Sendable () -> Void] = []
        var line: (Logger.Level, Logger.Message)?
        var unseen: RecordTables?
        defer {
            // Released outside the lock: it may be a large tree.
            withExtendedLifetime(unseen) {}
            for action in afterwards { action() }
            if let (level, message) = line { logger.log(level: level, message) }
        }
        return try state.withLock { state throws(Failure) in
            defer {
                line = state.noteState(.now)
                swap(&afterwards, &state.afterwards)
                unseen = state.seen
                state.seen = state.cache.tables
            }
            return try body(&state)
        }
    }

    /// Reads the state.
    func read<Result: Sendable>(_ body: (borrowing State) -> Result) -> Result {
        state.withLock { body($0) }
    }
}

// MARK: - What readers see

extension MirrorCore {
    var snapshot: MirrorSnapshot { read { $0.snapshot } }

    var status: MirrorStatus {
        let now = ContinuousClock.now
        return read { state in
            var status = state.status
            status.counts = state.cache.tables.counts
            status.outdated = state.cache.outdated
            status.rejections = state.cache.rejections
            status.connections = state.machine.attempts
            status.synchronisations = state.machine.synchronisations
            status.revision = state.revision
            status.staleness = state.machine.state.isCurrent ? .zero : state.lastCurrent.map { $0.duration(to: now) }
            return status
        }
    }

    func subscribe() -> MirrorChanges {
        update { state in
            let snapshot = state.snapshot
            let mailbox = ChangeMailbox<MirrorSnapshot, RecordUpdate>(
                state: snapshot,
                bound: configuration.maximumPendingChanges
            )
            let id = ObjectIdentifier(mailbox)
            if case .ended = state.run {
                _ = mailbox.finish()
            } else {
                state.subscribers[id] = mailbox
            }
            let subscription = MirrorChanges.Subscription(mailbox) { [weak self] in
                self?.update { _ = $0.subscribers.removeValue(forKey: id) }
            }
            return MirrorChanges(snapshot: snapshot, subscription: subscription)
        }
    }
}

extension MirrorCore.State {
    /// Up to which revision the peer's changes are applied: those of a quiet range are, even if its own number is old.
    var revision: Revision { revisions.values.max() ?? .none }

    var snapshot: MirrorSnapshot {
        MirrorSnapshot(
            cluster: status.cluster,
            isCurrent: machine.state.isCurrent,
            revision: revision,
            tables: cache.tables,
            isWithdrawn: machine.state == .gone
        )
    }

    /// Tells subscribers.
    mutating func publish(_ updates: [RecordUpdate]) {
        guard !updates.isEmpty, !subscribers.isEmpty else { return }
        let snapshot = snapshot
        for mailbox in subscribers.values {
            if let wake = mailbox.put(updates, leadingTo: snapshot) { afterwards.append(wake) }
        }
    }

    mutating func endSubscriptions() {
        for mailbox in subscribers.values {
            if let wake = mailbox.finish() { afterwards.append(wake) }
        }
        subscribers = [:]
    }

    /// Notices that the machine's state changed: for status, subscribers and the log.
    mutating func noteState(_ now: ContinuousClock.Instant) -> (Logger.Level, Logger.Message)? {
        let before = status.state
        let present = machine.state
        guard before != present else { return nil }
        status.state = present
        status.since = now
        if before.isCurrent {
            lastCurrent = now
            if present != .gone { publish([.stale(status.cluster)]) }
        }
        switch present {
        case .connecting:
            status.changesOnConnection = ChangeCounts()
            resync = MirrorCore.Resync(began: now)
        case .resyncing:
            resync = MirrorCore.Resync(causes: resync.causes, began: now)
        case .watching:
            status.lastError = nil
            status.lastResync = ResyncResult(
                causes: resync.causes,
                changes: resync.changes,
                duration: resync.began.duration(to: now)
            )
            resync = MirrorCore.Resync()
            publish([.current(status.cluster)])
        case .idle, .identifying, .listing, .disconnected, .draining, .gone: break
        }
        let text = logText(present)
        let level: Logger.Level = said.isNew(text, since: present == .watching) ? .info : .debug
        return (level, "\(text)")
    }

    private func logText(_ state: MirrorState) -> String {
        let text = "mirror of \(status.cluster): \(state.rawValue)"
        switch state {
        case .connecting: return text + (status.endpoint.map { " to \($0)" } ?? "")
        case .disconnected: return text + (status.lastError.map { ": \($0)" } ?? "")
        case .watching: return text + " from revision \(revision), \(cache.tables.counts.total) records"
        case .idle, .identifying, .listing, .resyncing, .draining, .gone: return text
        }
    }
}

/// Keeps a log from repeating itself: a peer that can't be reached would say the same for hours.
struct SaidOnce {
    /// The texts that are remembered at most.
    static let bound = 64

    private var texts: Set<String> = []

    /// Whether the text was not said yet; `since` forgets what was said before it.
    mutating func isNew(_ text: String, since: Bool) -> Bool {
        if since {
            texts = []
            return true
        }
        if texts.count == Self.bound { texts = [] }
        return texts.insert(text).inserted
    }
}

internal import Logging
internal import MeshClient
internal import MeshCore
internal import MeshRecords

/// A mirror's state behind its lock: the machines, the cache, the subscribers, and what status tells.
///
/// The mirror's tasks write, anybody reads. Nothing waits under the lock, and nobody is resumed under it.
final class MirrorCore: Sendable {
    let configuration: MirrorConfiguration
    let verifier: ReplaceableVerifier
    let logger: Logger
    private let state: Locked<State>

    struct State: ~Copyable {
        var machine: MirrorStateMachine
        var identification: IdentificationStateMachine
        var kinds = FollowedKinds()
        var heartbeat: HeartbeatMonitor
        var expiry: ServiceExpiry
        var connection: Connection
        /// Whether a number is reserved for the peer.
        var hasReservation = false
        /// Reads the records of the peer as it was identified; `nil` before that.
        var decoder: RecordDecoder?
        var cache: ClusterCache
        var withdrawal = Withdrawal()
        var layoutChange = LayoutChange()
        /// The records that a listing in the new layout did not meet.
        var leftovers: [RecordKey] = []
        /// The ranges that are being listed.
        var listing: Set<MirrorRange> = []
        /// The ranges that the follower is to list as if for the first time.
        var forgotten: Set<MirrorRange> = []
        /// The config that the sink was told of last.
        var toldConfig: ClusterConfig?
        /// The cache's records as readers have seen them at last. Kept so that the cache copies what it changes of them:
        /// when a reader lets go of a snapshot, only the reference count says that its last look came first, and
        /// ThreadSanitizer can't see that.
        var seen = RecordTables()
        var status: MirrorStatus
        var subscribers: [ObjectIdentifier: ChangeMailbox<MirrorSnapshot, RecordUpdate>] = [:]
        let sink: SinkFeed?
        /// The complete revisions of the ranges.
        var revisions: [MirrorRange: Revision] = [:]
        var lastCurrent: ContinuousClock.Instant?
        /// Since when the peer's store is known to be ahead; `nil` while it is not.
        var behindSince: ContinuousClock.Instant?
        var resync = Resync()
        var rate: ApplyRate
        var said = SaidOnce()
        var run = Run.notStarted
        var drainers: [CheckedContinuation<Bool, Never>] = []
        /// What is to be done when the lock is free.
        var afterwards: [@Sendable () -> Void] = []
    }

    /// What connections are made with, and the present one.
    struct Connection {
        var credentials: TLSCredentials
        /// When the present or last one was begun.
        var began: ContinuousClock.Instant = .now
        /// Why the mirror ends it; `nil` while it does not.
        var ending: ConnectionEnding?
        /// Ends what the mirror's task waits for: the connection, or the time before the next one.
        var interrupt: (@Sendable () -> Void)?
        /// Who the server is.
        var serverIdentity: (@Sendable () -> PeerIdentity?)?
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

    init(configuration: MirrorConfiguration, rotation: EndpointRotation, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        verifier = ReplaceableVerifier(configuration.verifier)
        var status = MirrorStatus(
            cluster: configuration.cluster,
            id: configuration.id,
            state: .idle,
            since: .now
        )
        status.endpoints = configuration.endpoints.map { EndpointStatus($0) }
        status.maximumKeys = configuration.maximumKeys
        status.maximumBytes = configuration.maximumBytes
        state = Locked(
            State(
                machine: MirrorStateMachine(rotation: rotation, backoff: configuration.backoff),
                identification: IdentificationStateMachine(
                    cluster: configuration.cluster,
                    id: configuration.id,
                    space: configuration.idSpace,
                    isConfigRequired: configuration.requiresClusterConfig
                ),
                heartbeat: HeartbeatMonitor(
                    timeout: configuration.heartbeatTimeout,
                    isAlwaysExpected: configuration.requiresClusterConfig
                ),
                expiry: ServiceExpiry(timeToLive: configuration.serviceTimeToLive),
                connection: Connection(credentials: configuration.credentials),
                cache: ClusterCache(cluster: configuration.cluster),
                status: status,
                sink: configuration.sink.map { SinkFeed($0) },
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
            status.failures = state.machine.failures
            status.lastFailure = state.machine.lastFailure
            status.nextAttempt = state.machine.nextAttempt
            status.kinds = state.kindStatus
            status.heartbeatAge = state.heartbeat.lastBeat.map { $0.duration(to: now) }
            status.serverIdentity = state.connection.serverIdentity?() ?? status.serverIdentity
            status.lagTime = state.behindSince.map { $0.duration(to: now) } ?? .zero
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

    var kindStatus: [RecordKind: KindStatus] {
        let isIdentified = identification.identity != nil
        return Dictionary(
            uniqueKeysWithValues: RecordKind.allCases.map { kind in
                let isFollowed = isIdentified && kinds.kinds.contains(kind)
                return (
                    kind,
                    KindStatus(
                        isFollowed: isFollowed,
                        isAwaitingCanary: kinds.isAwaitingCanary(kind) && identification.isIdentified,
                        isSynced: kinds.synchronised.contains(kind),
                        count: cache.counts[kind]
                    )
                )
            }
        )
    }

    /// Tells the sink, once the lock is free.
    mutating func tell(_ event: SinkFeed.Event) {
        guard let sink else { return }
        sink.put(event)
        afterwards.append { sink.tell() }
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
            status.noteSynchronised()
            expiry.synchronised()
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

extension MirrorStatus {
    /// The error of the endpoint over which the peer is synchronised is over.
    fileprivate mutating func noteSynchronised() {
        for index in endpoints.indices where endpoints[index].endpoint == endpoint { endpoints[index].lastError = nil }
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

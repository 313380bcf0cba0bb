internal import MeshClient

/// Decides what a mirror does next: which endpoint to try, when to try again, when its peer counts as synchronised.
///
/// Pure: time and random numbers are given, and the waiting is done by the owner.
///
///     idle ─▶ connecting ─▶ identifying ─▶ listing ─▶ watching ⇄ resyncing
///               ▲                │            │          │          │
///               └─ disconnected ◀┴────────────┴──────────┴──────────┘      any ─▶ draining ─▶ gone
struct MirrorStateMachine: ~Copyable {
    typealias Instant = ContinuousClock.Instant

    /// What follows a connection's end.
    enum EndAction: Hashable {
        /// Try the next endpoint at ``nextAttempt``.
        case retry
        /// Withdraw everything.
        case drain
        /// Nothing: the mirror was shut down.
        case stop
    }

    /// What follows the wish to drain.
    enum DrainAction: Hashable {
        /// End the connection; withdraw everything when it has ended.
        case endConnection
        /// Withdraw everything now.
        case drain
        /// It is being done, or was done.
        case nothing
    }

    /// What follows when there are other endpoints.
    enum ReplaceAction: Hashable {
        /// End the connection, as it leads to one of the former.
        case endConnection
        /// Do not wait any longer before the next attempt.
        case endWait
        /// The next attempt, if there is one, takes one of them.
        case nothing
    }

    private(set) var state: MirrorState = .idle

    /// How often a connection was tried.
    private(set) var attempts = 0
    /// How often the peer was synchronised on a new connection.
    private(set) var synchronisations = 0
    /// How many connections ended by a fault of the peer's or of the way to it.
    private(set) var failures = 0
    /// When the last of them did.
    private(set) var lastFailure: Instant?
    /// When the next connection is tried; `nil` while one is there, and after the end.
    private(set) var nextAttempt: Instant?

    /// What has to be followed for the peer to count as synchronised: more once it is identified.
    private var required: Set<MirrorRange> = []
    /// What is followed on this connection.
    private var confirmed: Set<MirrorRange> = []
    private var hasSynchronised = false
    private var rotation: EndpointRotation
    private var backoff: Backoff

    /// Makes a machine of a peer with these endpoints.
    init(rotation: EndpointRotation, backoff: Backoff.Configuration) {
        self.rotation = rotation
        self.backoff = Backoff(configuration: backoff)
    }

    // MARK: Connections

    /// It is time to connect; answers where to. `nil` if the mirror is being removed, or was.
    mutating func connectionDue(using generator: inout some RandomNumberGenerator) -> EtcdEndpoint? {
        switch state {
        case .idle, .disconnected:
            state = .connecting
            attempts += 1
            required = []
            confirmed = []
            hasSynchronised = false
            nextAttempt = nil
            return rotation.next(using: &generator).endpoint
        case .draining, .gone:
            return nil
        case .connecting, .identifying, .listing, .watching, .resyncing:
            preconditionFailure("a second connection in state \(state)")
        }
    }

    /// The peer answered for the first time on this connection.
    mutating func answered() {
        switch state {
        case .connecting: state = .identifying
        case .identifying, .listing, .watching, .resyncing, .draining, .gone: break
        case .idle, .disconnected: preconditionFailure("an answer in state \(state)")
        }
    }

    /// The peer is the cluster that it is said to be; these of its ranges are followed.
    mutating func identified(following ranges: Set<MirrorRange>) {
        switch state {
        case .connecting, .identifying:
            state = .listing
            required = ranges.union([.config, .heartbeat])
        case .listing, .watching, .resyncing, .draining, .gone: break
        case .idle, .disconnected: preconditionFailure("a cluster config in state \(state)")
        }
    }

    /// A range is listed.
    mutating func listingBegan(_ range: MirrorRange) {
        confirmed.remove(range)
        switch state {
        case .watching: state = .resyncing
        case .connecting, .identifying, .listing, .resyncing, .draining, .gone: break
        case .idle, .disconnected: preconditionFailure("a listing in state \(state)")
        }
    }

    /// The watch of a range is confirmed.
    mutating func watchBegan(_ range: MirrorRange) {
        confirmed.insert(range)
        switch state {
        case .listing, .resyncing:
            guard required.isSubset(of: confirmed) else { return }
            state = .watching
            if !hasSynchronised { synchronisations += 1 }
            hasSynchronised = true
            backoff.reset()
            rotation.endRound()
        case .connecting, .identifying, .watching, .draining, .gone: break
        case .idle, .disconnected: preconditionFailure("a watch in state \(state)")
        }
    }

    /// The connection ended, by the mirror's own decision or, without one, by a failure.
    ///
    /// All endpoints are tried once, without waiting, before the back-off; the loss of a synchronised peer is always
    /// followed by a wait, and so is a changed config: all mirrors of the peer see it at one moment. Other endpoints are
    /// tried at once.
    ///
    /// - Parameter random: A number from 0 up to 1.
    mutating func connectionEnded(_ ending: ConnectionEnding?, at now: Instant, random: Double) -> EndAction {
        switch state {
        case .connecting, .identifying, .listing, .watching, .resyncing:
            state = .disconnected
            if ending?.isFailure ?? true {
                failures += 1
                lastFailure = now
            }
            nextAttempt = now.advanced(by: delay(ending, random))
            return .retry
        case .draining: return .drain
        case .idle: return .stop
        case .disconnected, .gone: preconditionFailure("a connection ended in state \(state)")
        }
    }

    private mutating func delay(_ ending: ConnectionEnding?, _ random: Double) -> Duration {
        switch ending {
        case .endpointsReplaced:
            backoff.reset()
            return .zero
        case .configChanged:
            return backoff.nextDelay(random: random)
        case .identifyTimedOut, .heartbeatMissed, .serverRefused, nil:
            return hasSynchronised || rotation.isRoundOver ? backoff.nextDelay(random: random) : .zero
        }
    }

    /// The peer has other endpoints.
    mutating func endpointsReplaced(_ rotation: EndpointRotation, at now: Instant) -> ReplaceAction {
        self.rotation = rotation
        switch state {
        case .connecting, .identifying, .listing, .watching, .resyncing:
            return .endConnection
        case .disconnected:
            nextAttempt = now
            backoff.reset()
            return .endWait
        case .idle, .draining, .gone:
            return .nothing
        }
    }

    // MARK: The end

    /// The mirror is shut down: what it holds is kept.
    mutating func shutDown() {
        switch state {
        case .idle, .connecting, .identifying, .listing, .watching, .resyncing, .disconnected:
            state = .idle
            nextAttempt = nil
        case .draining, .gone: break
        }
    }

    /// The peer was removed from the configuration.
    ///
    /// - Parameter isRunning: Whether a connection is there, is tried or is waited for.
    mutating func drainRequested(isRunning: Bool) -> DrainAction {
        switch state {
        case .idle, .connecting, .identifying, .listing, .watching, .resyncing, .disconnected:
            state = .draining
            nextAttempt = nil
            return isRunning ? .endConnection : .drain
        case .draining, .gone:
            return .nothing
        }
    }

    /// Everything was withdrawn.
    mutating func drained() {
        switch state {
        case .draining: state = .gone
        case .gone: break
        case .idle, .connecting, .identifying, .listing, .watching, .resyncing, .disconnected:
            preconditionFailure("drained in state \(state)")
        }
    }
}

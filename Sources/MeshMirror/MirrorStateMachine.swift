internal import MeshClient

/// Decides what a mirror does next: which endpoint to try, when to try again, when its peer counts as synchronised.
///
/// Pure: random numbers are given, and the waiting is done by the owner.
///
///     idle ─▶ connecting ─▶ identifying ─▶ listing ─▶ watching ⇄ resyncing
///               ▲                │            │          │          │
///               └─ disconnected ◀┴────────────┴──────────┴──────────┘      any ─▶ draining ─▶ gone
struct MirrorStateMachine: ~Copyable {
    /// What follows a connection's end.
    enum EndAction: Hashable {
        /// Try the next endpoint after this time.
        case retry(after: Duration)
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

    private(set) var state: MirrorState = .idle

    /// How often a connection was tried.
    private(set) var attempts = 0
    /// How often the peer was synchronised on a new connection.
    private(set) var synchronisations = 0

    private let ranges: Set<Int>
    /// The ranges whose watch is not confirmed on this connection.
    private var waiting: Set<Int>
    private var hasSynchronised = false
    private var rotation: EndpointRotation
    private var backoff: Backoff

    /// Makes a machine for the ranges `0..<rangeCount`.
    init(rangeCount: Int, rotation: EndpointRotation, backoff: Backoff.Configuration) {
        ranges = Set(0..<rangeCount)
        waiting = ranges
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
            waiting = ranges
            hasSynchronised = false
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

    /// The peer is the cluster that it is said to be.
    mutating func identified() {
        switch state {
        case .connecting, .identifying: state = .listing
        case .listing, .watching, .resyncing, .draining, .gone: break
        case .idle, .disconnected: preconditionFailure("a cluster config in state \(state)")
        }
    }

    /// A range is listed.
    mutating func listingBegan(_ index: Int) {
        waiting.insert(index)
        switch state {
        case .watching: state = .resyncing
        case .connecting, .identifying, .listing, .resyncing, .draining, .gone: break
        case .idle, .disconnected: preconditionFailure("a listing in state \(state)")
        }
    }

    /// The watch of a range is confirmed.
    mutating func watchBegan(_ index: Int) {
        waiting.remove(index)
        guard waiting.isEmpty else { return }
        switch state {
        case .listing, .resyncing:
            state = .watching
            if !hasSynchronised { synchronisations += 1 }
            hasSynchronised = true
            backoff.reset()
            rotation.endRound()
        case .connecting, .identifying, .watching, .draining, .gone: break
        case .idle, .disconnected: preconditionFailure("a watch in state \(state)")
        }
    }

    /// The connection ended.
    ///
    /// All endpoints are tried once, without waiting, before the back-off; the loss of a synchronised peer is always
    /// followed by a wait.
    ///
    /// - Parameter random: A number from 0 up to 1.
    mutating func connectionEnded(random: Double) -> EndAction {
        switch state {
        case .connecting, .identifying, .listing, .watching, .resyncing:
            state = .disconnected
            let isRoundOver = rotation.isRoundOver
            return .retry(after: hasSynchronised || isRoundOver ? backoff.nextDelay(random: random) : .zero)
        case .draining: return .drain
        case .idle: return .stop
        case .disconnected, .gone: preconditionFailure("a connection ended in state \(state)")
        }
    }

    // MARK: The end

    /// The mirror is shut down: what it holds is kept.
    mutating func shutDown() {
        switch state {
        case .idle, .connecting, .identifying, .listing, .watching, .resyncing, .disconnected: state = .idle
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

internal import MeshClient
internal import MeshCore

/// Decides what a replica does next: which endpoint to try and when, and what a batch of changes means to its store.
///
/// Pure: random numbers are given; waiting, and changing the store, are the owner's.
///
///     idle ─▶ connecting ─▶ listing ⇄ watching
///                 │    └───────────────▶ ▲
///                 └─▶ disconnected ◀── any, and back to connecting
///
/// A listing tells only what differs from what was known before it, page by page, and may be cut by the end of a
/// connection and begin anew on the next. Its changes are *staged* until one ends; only then the store is reset, to what
/// it held with the staged changes put over it. So the store goes from one whole state to the next, never through half
/// of a listing.
struct ReplicaStateMachine: ~Copyable {
    /// What follows from a batch.
    enum BatchAction: Hashable {
        /// Nothing yet: the listing goes on.
        case stage
        /// The store gets a new history, which begins with this content.
        case reset(Listed)
        /// The store's history goes on.
        case append([WatchEvent], through: Revision, raftTerm: UInt64)
        /// The batch can't be taken, so that the connection is given up and everything is listed again.
        case refuse(FollowError)
    }

    /// The content that a listing ended with, told as a difference.
    struct Listed: Hashable {
        /// Keys with their pair, or with `nil` where they are gone.
        var changes: [Key: KeyValue?]
        /// Whether the changes are everything; else they go over what the store holds.
        var isEverything: Bool
        /// The revision of the content.
        var revision: Revision
        /// The store that was listed, and the term of its consensus.
        var clusterID: UInt64
        var raftTerm: UInt64
        /// Why it was listed, and how much differed.
        var summary: ListingSummary
    }

    /// What follows a connection's end.
    enum EndAction: Hashable {
        /// Try the next endpoint after this time.
        case retry(after: Duration)
        /// Nothing: the replica was shut down.
        case stop
    }

    private(set) var state: ReplicaState = .idle

    /// How often a connection was tried.
    private(set) var attempts = 0
    /// How often the etcd's watch began on a new connection.
    private(set) var synchronisations = 0

    private var hasSynchronised = false
    private var rotation: EndpointRotation
    private var backoff: Backoff

    private var staged: [Key: KeyValue?] = [:]
    /// Whether the listing that is due tells everything, as the store has nothing to go on with.
    private var stagesEverything = true
    private var refusals = 0

    init(rotation: EndpointRotation, backoff: Backoff.Configuration) {
        self.rotation = rotation
        self.backoff = Backoff(configuration: backoff)
    }

    // MARK: Connections

    /// It is time to connect; answers where to.
    mutating func connectionDue(using generator: inout some RandomNumberGenerator) -> EtcdEndpoint {
        switch state {
        case .idle, .disconnected:
            state = .connecting
            attempts += 1
            hasSynchronised = false
            return rotation.next(using: &generator).endpoint
        case .connecting, .listing, .watching:
            preconditionFailure("a second connection in state \(state)")
        }
    }

    /// Everything is listed, on a connection that is there.
    mutating func listingBegan() {
        switch state {
        case .connecting, .listing, .watching: state = .listing
        case .idle, .disconnected: preconditionFailure("a listing in state \(state)")
        }
    }

    /// The watch is confirmed.
    mutating func watchBegan() {
        switch state {
        case .connecting, .listing:
            state = .watching
            if !hasSynchronised { synchronisations += 1 }
            hasSynchronised = true
            backoff.reset()
            rotation.endRound()
        case .watching: break
        case .idle, .disconnected: preconditionFailure("a watch in state \(state)")
        }
    }

    /// The connection ended.
    ///
    /// All endpoints are tried once, without waiting, before the back-off; the loss of an etcd that was followed is
    /// always followed by a wait.
    ///
    /// - Parameter random: A number from 0 up to 1.
    mutating func connectionEnded(random: Double) -> EndAction {
        switch state {
        case .connecting, .listing, .watching:
            state = .disconnected
            return .retry(after: hasSynchronised || rotation.isRoundOver ? backoff.nextDelay(random: random) : .zero)
        case .idle: return .stop
        case .disconnected: preconditionFailure("a connection ended twice")
        }
    }

    /// The replica is shut down; the store keeps what it holds.
    mutating func shutDown() {
        state = .idle
    }

    // MARK: Batches

    /// Changes came, or the end of a listing, or progress.
    mutating func batchReceived(_ batch: FollowedBatch, _ progress: FollowProgress) -> BatchAction {
        if progress.budget.refusals > refusals {
            refusals = progress.budget.refusals
            return refuse(overBudget(progress.budget))
        }
        if let summary = batch.listing, let revision = batch.revision, let clusterID = progress.clusterID {
            stage(batch.events)
            defer {
                staged = [:]
                stagesEverything = false
            }
            return .reset(
                Listed(
                    changes: staged,
                    isEverything: stagesEverything,
                    revision: revision,
                    clusterID: clusterID,
                    raftTerm: progress.raftTerm,
                    summary: summary
                )
            )
        }
        guard let revision = batch.revision else {
            stage(batch.events)
            return .stage
        }
        return .append(batch.events, through: revision, raftTerm: progress.raftTerm)
    }

    /// The store could not take a batch.
    mutating func batchFailed(_ reason: String) -> FollowError {
        let error = FollowError(.refused, "the etcd's changes do not continue what was applied: \(reason)")
        _ = refuse(error)
        return error
    }

    private mutating func stage(_ events: [WatchEvent]) {
        for event in events { staged[event.pair.key] = .some(event.kind == .put ? event.pair : nil) }
    }

    /// From here on the follower knows what the store does not, so that only a listing of everything joins them again.
    private mutating func refuse(_ error: FollowError) -> BatchAction {
        staged = [:]
        stagesEverything = true
        return .refuse(error)
    }

    private func overBudget(_ budget: FollowBudget) -> FollowError {
        FollowError(
            .limitExceeded,
            "the etcd holds more than maximumKeys (\(budget.maximumKeys)) or maximumBytes (\(budget.maximumBytes)) "
                + "allow, and half a copy is none: raise them or follow a range"
        )
    }
}

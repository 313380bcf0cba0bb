internal import MeshClient
internal import MeshCore
internal import MeshRecords

/// Applies what a mirror's follower reads: first the peer's cluster config, and, once it is the right one, its records.
struct MirrorApplier: FollowApplier {
    /// The range of the cluster config; the records' follow it.
    static let configIndex = 0

    private let core: MirrorCore
    private let decoder: RecordDecoder

    init(_ core: MirrorCore) {
        self.core = core
        let configuration = core.configuration
        decoder = RecordDecoder(cluster: configuration.cluster, id: configuration.id, space: configuration.idSpace)
    }

    /// What is followed: the config's key, and all keys of a kind, so that records in another cluster's name are seen,
    /// refused and counted.
    static func ranges(of cluster: ClusterName) -> [KeyRange] {
        [.key(KeyLayout.clusterConfig(of: cluster))] + RecordKind.allCases.map { .prefix($0.prefix()) }
    }

    func mayFollow(range index: Int) -> Bool {
        index == Self.configIndex || core.isIdentified
    }

    func serverAnswered(clusterID: UInt64) {
        core.update { state in
            if state.status.storeID != clusterID { state.status.storeRevision = .none }
            state.status.storeID = clusterID
            state.machine.answered()
        }
    }

    func listingBegan(_ cause: ListingCause, ofRange index: Int) {
        core.update { state in
            if cause != .first { state.status.resyncs[cause, default: 0] += 1 }
            state.resync.causes.insert(cause)
            state.machine.listingBegan(index)
        }
    }

    func watchBegan(ofRange index: Int) {
        core.update { state in
            if index == Self.configIndex, state.hasConfig || !core.configuration.requiresClusterConfig {
                state.machine.identified()
            }
            state.machine.watchBegan(index)
        }
    }

    func apply(_ batch: FollowedBatch, ofRange index: Int, progress: FollowProgress) async throws(FollowError) {
        if index == Self.configIndex {
            try applyConfig(batch)
            core.update { $0.noteProgress(batch, index, progress) }
        } else {
            await applyRecords(batch, index, progress)
        }
    }

    /// Holds a peer back that sends more than the mirror's rate.
    func pause(after amount: ReadAmount) async {
        let delay = core.update { state -> Duration in
            let delay = state.rate.read(amount, isSynchronised: state.machine.state.isCurrent, at: .now)
            // What is less than a timer can keep adds up to more.
            guard delay >= .milliseconds(1) else { return .zero }
            state.status.throttledFor += delay
            return delay
        }
        // Cancelled: the next read says so.
        if delay > .zero { try? await Task.sleep(for: delay) }
    }

    /// A config that is there must be right. Its deletion means nothing while the connection lasts (a lease may have
    /// run out), but the next connection waits for it again: without a config a peer's state may be incomplete.
    private func applyConfig(_ batch: FollowedBatch) throws(FollowError) {
        for event in batch.events {
            if event.kind == .put { try check(event.pair) }
            core.update { state in
                state.hasConfig = event.kind == .put
                // One that comes while it is waited for; one that is listed counts from its watch on.
                if state.hasConfig, batch.listing == nil { state.machine.identified() }
            }
        }
    }

    private func check(_ pair: KeyValue) throws(FollowError) {
        switch decoder.decodeClusterConfig(pair) {
        case .failure(let error):
            throw FollowError(.refused, "\(error)")
        case .success(let config):
            guard !config.cached else {
                throw FollowError(
                    .refused,
                    "\(pair.key): the peer serves copies of other clusters' state, which is not followed here; connect "
                        + "to the cluster itself"
                )
            }
        }
    }

    private func applyRecords(_ batch: FollowedBatch, _ index: Int, _ progress: FollowProgress) async {
        let turn = core.configuration.recordsPerTurn
        let isListing = batch.revision == nil || batch.listing != nil
        var changes: [ClusterCache.Change] = []
        for (position, event) in batch.events.enumerated() {
            changes.append(ClusterCache.Change(event, decoder))
            guard (position + 1).isMultiple(of: turn) else { continue }
            await Task.yield()
            // A revision is seen whole or not at all; a listing is read in parts anyway.
            let isLast = position + 1 == batch.events.count
            if isListing || (!isLast && batch.events[position + 1].revision != event.revision) {
                commit(changes)
                changes.removeAll(keepingCapacity: true)
            }
        }
        commit(changes) { $0.noteProgress(batch, index, progress) }
    }

    private func commit(_ changes: [ClusterCache.Change], finally: (inout MirrorCore.State) -> Void = { _ in }) {
        core.update { state in
            var updates: [RecordUpdate] = []
            for change in changes {
                guard let change = state.cache.apply(change) else { continue }
                state.count(change)
                updates.append(.changed(change))
            }
            finally(&state)
            state.publish(updates)
        }
    }
}

extension MirrorCore {
    /// Whether the peer proved on this connection that it is the one that is meant.
    var isIdentified: Bool {
        read { state in
            switch state.machine.state {
            case .listing, .watching, .resyncing: true
            case .idle, .connecting, .identifying, .disconnected, .draining, .gone: false
            }
        }
    }
}

extension MirrorCore.State {
    mutating func noteProgress(_ batch: FollowedBatch, _ index: Int, _ progress: FollowProgress) {
        if let revision = batch.revision { revisions[index] = revision }
        // Each range knows only what its own answers said; a listing may have found a store that went back.
        status.storeRevision =
            batch.listing == nil ? max(status.storeRevision, progress.storeRevision) : progress.storeRevision
        status.keys = progress.budget.keys
        status.bytes = progress.budget.bytes
        status.budgetRefusals = progress.budget.refusals
    }

    mutating func count(_ change: RecordChange) {
        let path: WritableKeyPath<ChangeCounts, Int> =
            change.old == nil ? \.added : change.new == nil ? \.removed : \.changed
        resync.changes[keyPath: path] += 1
        status.changesOnConnection[keyPath: path] += 1
    }
}

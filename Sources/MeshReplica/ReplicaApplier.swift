internal import MeshClient
internal import MeshCore
internal import MeshStore

/// Applies what a replica's follower reads to the store, as the machine decides.
struct ReplicaApplier: FollowApplier {
    private let core: ReplicaCore

    init(_ core: ReplicaCore) {
        self.core = core
    }

    func mayFollow(range index: Int) -> Bool { true }

    func serverAnswered(clusterID: UInt64) {}

    func streamOpened(requestProgress: @escaping @Sendable () async throws(EtcdError) -> Void) {
        core.update { $0.connection?.requestProgress = requestProgress }
    }

    func listingBegan(_ cause: ListingCause, ofRange index: Int) {
        core.update { state in
            state.machine.listingBegan()
            state.freshReads.followingEnded()
        }
    }

    func watchBegan(ofRange index: Int) {
        let head = core.store.reader.head
        core.update { state in
            state.machine.watchBegan()
            let following = FreshReads<ReplicaCore.Waiter>.Following(
                clusterID: head.origin.identity.clusterID,
                raftTerm: head.origin.raftTerm,
                connection: state.connection?.handshakes() ?? 0
            )
            if state.freshReads.followingBegan(following, applied: head.revision) {
                state.connection?.signal.yield()
            }
        }
    }

    func apply(_ batch: FollowedBatch, ofRange index: Int, progress: FollowProgress) async throws(FollowError) {
        let store = core.store
        switch core.update({ $0.machine.batchReceived(batch, progress) }) {
        case .stage:
            return
        case .reset(let listed):
            store.reset(
                to: listed.content(over: store.reader.snapshot()),
                at: listed.revision,
                identity: StoreIdentity(clusterID: listed.clusterID, memberID: core.memberID),
                raftTerm: listed.raftTerm
            )
            core.update { state in
                state.status.clusterID = listed.clusterID
                let cause = listed.summary.cause
                if cause != .first { state.status.resets[cause, default: 0] += 1 }
                state.status.lastListing = listed.summary
            }
        case .append(let events, let revision, let raftTerm):
            do throws(ReplicationError) {
                try store.append(events, through: revision)
            } catch {
                throw core.update { $0.machine.batchFailed(error.message) }
            }
            store.note(raftTerm: raftTerm, in: store.reader.head.origin.generation)
            core.update { $0.resume($0.freshReads.storeAdvanced(to: revision), .success(())) }
        case .refuse(let error):
            throw error
        }
    }
}

extension ReplicaStateMachine.Listed {
    /// The whole content, where `snapshot` is what the store holds.
    func content(over snapshot: StoreSnapshot) -> [KeyValue] {
        var pairs = changes.values.compactMap { $0 }
        guard !isEverything else { return pairs }
        pairs.reserveCapacity(pairs.count + snapshot.count)
        snapshot.forEach { pair in
            if changes[pair.key] == nil { pairs.append(pair) }
        }
        return pairs
    }
}

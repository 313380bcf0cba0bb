import MeshCore
import TestSupport
import Testing

@testable import MeshClient
@testable import MeshReplica

@Suite struct ReplicaStateMachineTests {
    /// The machine in a class, because the macros of the tests can't call what changes a value without copies.
    private final class Machine {
        var machine: ReplicaStateMachine
        private var numbers = SplitMix64(seed: 7)

        init(endpoints: Int = 1) throws {
            let endpoints = (0..<endpoints).map { EtcdEndpoint(host: "etcd-\($0)") }
            let rotation = try #require(EndpointRotation(endpoints))
            machine = ReplicaStateMachine(rotation: rotation, backoff: Backoff.Configuration())
        }

        var state: ReplicaState { machine.state }

        @discardableResult
        func connect() -> EtcdEndpoint { machine.connectionDue(using: &numbers) }

        func ended(random: Double = 1) -> ReplicaStateMachine.EndAction { machine.connectionEnded(random: random) }

        func received(_ batch: FollowedBatch, refusals: Int = 0) -> ReplicaStateMachine.BatchAction {
            var budget = FollowBudget(maximumKeys: 1)
            budget.refusals = refusals
            return machine.batchReceived(
                batch,
                FollowProgress(clusterID: 0xC1, raftTerm: 4, storeRevision: 50, budget: budget)
            )
        }
    }

    private func pair(_ key: Key, _ revision: Int64) -> KeyValue {
        KeyValue(key: key, createRevision: 2, modRevision: Revision(revision), version: 1, value: [])
    }

    private func put(_ key: Key, _ revision: Int64) -> WatchEvent { WatchEvent(kind: .put, pair: pair(key, revision)) }

    private func delete(_ key: Key, _ revision: Int64) -> WatchEvent {
        WatchEvent(kind: .delete, pair: .tombstone(key: key, modRevision: Revision(revision)))
    }

    private func page(_ events: WatchEvent...) -> FollowedBatch { FollowedBatch(events: events) }

    private func lastPage(_ cause: ListingCause, at revision: Revision, _ events: WatchEvent...) -> FollowedBatch {
        FollowedBatch(
            events: events,
            revision: revision,
            listing: ListingSummary(cause: cause, revision: revision)
        )
    }

    private func listed(
        _ changes: [Key: KeyValue?],
        everything: Bool,
        _ cause: ListingCause,
        at revision: Revision
    ) -> ReplicaStateMachine.BatchAction {
        .reset(
            ReplicaStateMachine.Listed(
                changes: changes,
                isEverything: everything,
                revision: revision,
                clusterID: 0xC1,
                raftTerm: 4,
                summary: ListingSummary(cause: cause, revision: revision)
            )
        )
    }

    // MARK: - Listings

    @Test func aListingIsStagedUntilItsLastPage() throws {
        let machine = try Machine()
        machine.connect()
        machine.machine.listingBegan()
        #expect(machine.received(page(put("a", 3), put("b", 4))) == .stage)
        #expect(
            machine.received(lastPage(.first, at: 9, put("c", 5)))
                == listed(["a": pair("a", 3), "b": pair("b", 4), "c": pair("c", 5)], everything: true, .first, at: 9)
        )
    }

    @Test func aListingThatWasCutIsCompletedByTheNextOne() throws {
        // The second one tells nothing of `a`, which was told before, and that `b` has vanished meanwhile.
        let machine = try Machine()
        machine.connect()
        machine.machine.listingBegan()
        _ = machine.received(page(put("a", 3), put("b", 4)))
        _ = machine.ended()
        machine.connect()
        machine.machine.listingBegan()
        #expect(
            machine.received(lastPage(.first, at: 9, put("c", 5), delete("b", 9)))
                == listed(["a": pair("a", 3), "b": nil, "c": pair("c", 5)], everything: true, .first, at: 9)
        )
    }

    @Test func aLaterListingIsADifferenceToWhatTheStoreHolds() throws {
        let machine = try Machine()
        machine.connect()
        machine.machine.listingBegan()
        _ = machine.received(lastPage(.first, at: 9, put("a", 3)))
        machine.machine.watchBegan()
        machine.machine.listingBegan()
        #expect(
            machine.received(lastPage(.compacted, at: 20, put("b", 15)))
                == listed(["b": pair("b", 15)], everything: false, .compacted, at: 20)
        )
    }

    @Test func changesAndProgressContinueTheHistory() throws {
        let machine = try Machine()
        machine.connect()
        machine.machine.listingBegan()
        _ = machine.received(lastPage(.first, at: 9))
        machine.machine.watchBegan()
        let events = [put("a", 10), delete("a", 11)]
        #expect(
            machine.received(FollowedBatch(events: events, revision: 11)) == .append(events, through: 11, raftTerm: 4)
        )
        #expect(machine.received(FollowedBatch(events: [], revision: 14)) == .append([], through: 14, raftTerm: 4))
    }

    // MARK: - Refusals

    @Test func takesNoPartOfAnEtcdThatIsTooLarge() throws {
        let machine = try Machine()
        machine.connect()
        machine.machine.listingBegan()
        guard case .refuse(let error) = machine.received(page(put("a", 3)), refusals: 1) else {
            Issue.record("half a copy was taken")
            return
        }
        #expect(error.code == .limitExceeded)
        #expect(error.message.contains("maximumKeys (1)"))
    }

    @Test func afterARefusalOnlyAListingOfEverythingCounts() throws {
        // A deletion that was refused is known to the follower, which will not tell it again.
        let machine = try Machine()
        machine.connect()
        machine.machine.listingBegan()
        _ = machine.received(lastPage(.first, at: 9, put("a", 3), put("b", 3)))
        machine.machine.watchBegan()
        let error = machine.machine.batchFailed("reasons")
        #expect(error.code == .refused)
        #expect(error.message.contains("reasons"))
        _ = machine.ended()
        machine.connect()
        machine.machine.listingBegan()
        #expect(
            machine.received(lastPage(.notApplied, at: 12, put("b", 3)))
                == listed(["b": pair("b", 3)], everything: true, .notApplied, at: 12)
        )
    }

    @Test func anEarlierRefusalIsNotHeldAgainstLaterBatches() throws {
        let machine = try Machine()
        machine.connect()
        machine.machine.listingBegan()
        _ = machine.received(page(), refusals: 2)
        _ = machine.ended()
        machine.connect()
        machine.machine.listingBegan()
        #expect(machine.received(page(put("a", 3)), refusals: 2) == .stage)
    }

    // MARK: - Connections

    @Test func triesEveryEndpointBeforeItWaits() throws {
        let machine = try Machine(endpoints: 3)
        var tried: Set<String> = []
        for last in [false, false, true] {
            tried.insert(machine.connect().host)
            #expect(machine.state == .connecting)
            #expect(machine.ended() == .retry(after: last ? .seconds(5) : .zero))
            #expect(machine.state == .disconnected)
        }
        #expect(tried.count == 3)
        #expect(machine.machine.attempts == 3)
        #expect(machine.machine.synchronisations == 0)
    }

    @Test func waitsAfterTheLossOfAnEtcdThatItFollowed() throws {
        let machine = try Machine(endpoints: 3)
        machine.connect()
        machine.machine.watchBegan()
        #expect(machine.state == .watching)
        #expect(machine.ended(random: 0.5) == .retry(after: .milliseconds(2_500)))
        machine.connect()
        machine.machine.listingBegan()
        #expect(machine.state == .listing)
        machine.machine.watchBegan()
        #expect(machine.machine.synchronisations == 2)
        machine.machine.listingBegan()
        machine.machine.watchBegan()
        #expect(machine.machine.synchronisations == 2)
    }

    @Test func stopsWhenItIsShutDown() throws {
        let machine = try Machine()
        machine.connect()
        machine.machine.shutDown()
        #expect(machine.ended() == .stop)
        #expect(machine.state == .idle)
    }

    @Test func onlyAConfirmedWatchIsFollowing() {
        #expect(ReplicaState.allCases.filter(\.isFollowing) == [.watching])
    }
}

import MeshClient
import MeshCore
import MeshStore
import TestSupport
import Testing

@testable import MeshReplica

@Suite struct EtcdReplicaTests {
    private let upstream: Upstream
    private let store = KVStore()

    init() throws {
        upstream = try Upstream()
        for number in 0..<8 { try store.put(Key("k/\(number)"), "\(number)") }
        try store.delete(.key("k/3"))
        try store.put("k/4", "again")
    }

    @Test func holdsWhatIsFollowedFromTheFirstListOn() async throws {
        try await upstream.following { replica in
            #expect(throws: EtcdError.notListed) { try replica.store.reader.range(RangeRequest(.all)) }
            #expect(!replica.status.isListed)
            try await upstream.serving(store) {
                try await replica.follows(store)
                try store.transaction {
                    $0.put("k/1", "new")
                    $0.delete("k/5")
                }
                try store.put("k/9", "more")
                try await replica.follows(store)
                let status = replica.status
                #expect(status.isListed)
                #expect(status.keys == 7)
                #expect(status.revision == store.revision)
                #expect(status.clusterID == store.identity.clusterID)
                #expect(status.staleness == .zero)
                #expect(status.lastListing?.cause == .first)
                #expect(status.resets.isEmpty)
                #expect(replica.store.reader.identity.memberID != store.identity.memberID)
            }
        }
    }

    @Test func aTransactionArrivesAsOneRevision() async throws {
        try await upstream.serving(store) {
            try await upstream.following { replica in
                try await replica.follows(store)
                var cursor = WatchCursor(.all, from: store.revision.next)
                try store.transaction { for number in 0..<50 { $0.put(Key("t/\(number)"), "") } }
                try await replica.follows(store)
                let step = replica.store.reader.step(&cursor, maximumEvents: 1, maximumBytes: 1)
                guard case .events(let batch) = step else {
                    Issue.record("\(step)")
                    return
                }
                #expect(batch.events.count == 50)
                #expect(batch.events.map(\.pair.key) == (0..<50).map { Key("t/\($0)") })
            }
        }
    }

    // MARK: - Cuts

    @Test func servesOnAsStaleWhileNothingCanBeReachedAndThenGoesOnWhereItWas() async throws {
        try await upstream.following { replica in
            let reader = replica.store.reader
            try await upstream.serving(store) { try await replica.follows(store) }
            try await eventually("the loss is noticed") { reader.isStale }
            #expect(try reader.range(RangeRequest(.all)).count == 7)
            #expect(try #require(replica.status.staleness) > .zero)
            #expect(replica.status.lastError != nil)

            var cursor = WatchCursor(.all, from: store.revision.next)
            _ = reader.step(&cursor, maximumEvents: 100, maximumBytes: 10_000)
            try store.put("k/20", "while away")
            try await upstream.serving(store) {
                try await replica.follows(store)
                #expect(!reader.isStale)
                #expect(replica.status.lastError == nil)
                // No watch has noticed anything.
                let step = reader.step(&cursor, maximumEvents: 100, maximumBytes: 10_000)
                guard case .events(let batch) = step else {
                    Issue.record("\(step)")
                    return
                }
                #expect(batch.events.map(\.pair.key) == ["k/20"])
                #expect(replica.status.resets.isEmpty)
                #expect(replica.status.synchronisations == 2)
            }
        }
    }

    @Test func beginsAnotherHistoryIfTheOneItLacksIsCompacted() async throws {
        try await upstream.following { replica in
            let reader = replica.store.reader
            try await upstream.serving(store) { try await replica.follows(store) }
            try await eventually("the loss is noticed") { reader.isStale }
            var cursor = WatchCursor(.all, from: store.revision.next)
            _ = reader.step(&cursor, maximumEvents: 1, maximumBytes: 1)
            try store.put("k/1", "written")
            try store.delete(.key("k/2"))
            try store.put("k/1", "written again")
            try store.compact(to: store.revision)
            try await upstream.serving(store) {
                try await replica.follows(store)
                #expect(
                    reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .compacted(store.revision.next)
                )
                #expect(replica.status.resets == [.compacted: 1])
                #expect(replica.status.lastListing?.removed == 1)
                #expect(replica.status.lastListing?.changed == 1)
            }
        }
    }

    @Test func takesOverAnotherStoreBehindTheSameAddressAsAnother() async throws {
        try await upstream.following { replica in
            let reader = replica.store.reader
            try await upstream.serving(store) { try await replica.follows(store) }
            let other = KVStore()
            try other.put("k/1", "other")
            var cursor = WatchCursor(.all, from: store.revision.next)
            _ = reader.step(&cursor, maximumEvents: 1, maximumBytes: 1)
            try await upstream.serving(other) {
                try await eventually("the other store is taken over") {
                    reader.identity.clusterID == other.identity.clusterID
                }
                try await replica.follows(other)
                #expect(reader.revision == 2)
                #expect(reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .compacted(3))
                #expect(replica.status.resets == [.otherStore: 1])
                #expect(replica.status.clusterID == other.identity.clusterID)
            }
        }
    }

    @Test func noticesABackupThatWasWrittenToWithTheSameIdentity() async throws {
        // The backup ends at the third key; what came after it is another history of as many revisions and more.
        let backup = KVStore(identity: store.identity)
        for number in 0..<3 { try backup.put(Key("k/\(number)"), "\(number)") }
        for _ in 0..<40 { try backup.put("other/history", "") }
        try await upstream.following { replica in
            let reader = replica.store.reader
            try await upstream.serving(store) { try await replica.follows(store) }
            var cursor = WatchCursor(.all, from: store.revision.next)
            _ = reader.step(&cursor, maximumEvents: 1, maximumBytes: 1)
            try await upstream.serving(backup) {
                try await eventually("it is noticed") { replica.status.resets == [.historyDiffers: 1] }
                try await replica.follows(backup)
                #expect(
                    reader.step(&cursor, maximumEvents: 1, maximumBytes: 1) == .compacted(backup.revision.next)
                )
            }
        }
    }

    // MARK: - Bounds

    @Test func anEtcdThatIsTooLargeIsNotServedInPart() async throws {
        try await upstream.serving(store) {
            try await upstream.following {
                $0.maximumKeys = 5
            } _: { replica in
                try await eventually("it is refused") {
                    replica.status.lastError?.contains("maximumKeys (5)") ?? false
                }
                #expect(throws: EtcdError.notListed) { try replica.store.reader.range(RangeRequest(.all)) }
                try store.delete(.interval("k/5", "k/9"))
                try await replica.follows(store)
            }
        }
    }

    @Test func growingTooLargeKeepsTheLastWholeState() async throws {
        try await upstream.serving(store) {
            try await upstream.following {
                $0.maximumKeys = 8
            } _: { replica in
                try await replica.follows(store)
                let last = try store.put("k/8", "fits")
                try await replica.follows(store)
                try store.put("k/9", "does not")
                try await eventually("it is refused") {
                    replica.status.lastError?.contains("maximumKeys (8)") ?? false
                }
                #expect(replica.store.reader.isStale)
                #expect(replica.store.reader.revision == last)
                // What left while nobody was told is not forgotten either.
                try store.delete(.interval("k/0", "k/3"))
                try await replica.follows(store)
            }
        }
    }

    // MARK: - Running

    @Test func runsOnceAndLeavesNobodyWaiting() async throws {
        let replica = try EtcdReplica(
            configuration: upstream.configuration(),
            store: ReplicatedStore(),
            logger: .silent
        )
        let run = Task { try await replica.run() }
        try await eventually("it runs") { replica.status.connections > 0 }
        let read = Task { try await replica.store.reader.whenFresh() }
        try await eventually("the read waits") { replica.status.waitingReads == 1 }
        run.cancel()
        await #expect(throws: EtcdError.stopped) { try await read.value }
        try await run.value
        #expect(replica.status.state == .idle)
        await #expect(throws: ReplicaRunError.self) { try await replica.run() }
        await #expect(throws: EtcdError.notFollowing) { try await replica.store.reader.whenFresh() }
    }
}

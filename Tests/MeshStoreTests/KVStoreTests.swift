import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct KVStoreTests {
    @Test func beginsEmptyAtRevisionOneWithAnIdentityOfItsOwn() {
        let store = KVStore()
        #expect(store.revision == 1)
        #expect(store.compactedRevision == .none)
        #expect(store.snapshot().count == 0)
        #expect(store.identity != KVStore().identity)
    }

    @Test func countsVersionsFromTheKeysCreation() throws {
        let store = KVStore()
        #expect(try store.put("key", "a") == 2)
        #expect(try store.put("key", "b") == 3)
        #expect(try store.delete(.key("key")).deleted == 1)
        #expect(store.get("key") == nil)
        #expect(try store.put("key", "c") == 5)
        let pair = try #require(store.get("key"))
        #expect(pair.createRevision == 5)
        #expect(pair.version == 1)
        #expect(Array(pair.value) == Array("c".utf8))
    }

    @Test func makesNoRevisionWhereNothingChanges() throws {
        let store = KVStore()
        #expect(try store.delete(.all) == DeleteAnswer(revision: 1, deleted: 0))
        try store.transaction { $0.delete("absent") }
        #expect(try store.perform(TransactionRequest(success: [.range(RangeRequest(.all))])).revision == 1)
        #expect(store.revision == 1)
    }

    @Test func refusesWhatItMustAndChangesNothing() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumRequestBytes = 30
        let store = KVStore(configuration: configuration)
        #expect(throws: EtcdError.emptyKey) { try store.put("", "x") }
        #expect(throws: EtcdError.emptyKey) { try store.delete(.key("")) }
        #expect(throws: EtcdError.emptyKey) { try store.perform(RangeRequest(.key(""))) }
        #expect(throws: EtcdError.leaseNotFound) { try store.put("key", "x", lease: LeaseID(1)) }
        #expect(throws: EtcdError.requestTooLarge) { try store.put("key", "12345678") }
        #expect(try store.put("key", "1234567") == 2)
        #expect(throws: EtcdError.requestTooLarge) {
            try store.perform(TransactionRequest(success: [.put(PutRequest("a", [1, 2, 3, 4, 5, 6]))]))
        }
        #expect(store.revision == 2)
    }

    @Test func snapshotsKeepWhatTheyShow() throws {
        let store = KVStore()
        try store.put("a", "1")
        let snapshot = store.snapshot()
        try store.put("a", "2")
        try store.put("b", "1")
        #expect(snapshot.revision == 2)
        #expect(snapshot.pairs().map { Array($0.value) } == [Array("1".utf8)])
        #expect(snapshot.count(in: .all) == 1)
        #expect(snapshot["b"] == nil)
        #expect(throws: EtcdError.futureRevision) {
            var request = RangeRequest(.all)
            request.revision = 3
            return try snapshot.range(request)
        }
    }

    @Test func wakesAfterEveryCommitOutsideItsLocksUntilCancelled() throws {
        let store = KVStore()
        let seen = Locked<[Revision]>([])
        // Reading the store here would stop the process if a lock were still held.
        let subscription = store.reader.onCommit { seen.withLock { $0.append(store.revision) } }
        try store.put("a", "1")
        try store.transaction {
            $0.put("b", "1")
            $0.put("c", "1")
        }
        try store.delete(.key("absent"))
        #expect(seen.withLock { $0 } == [2, 3])
        subscription.cancel()
        try store.put("a", "2")
        #expect(seen.withLock { $0 } == [2, 3])
    }

    @Test func aSubscriptionEndsWithItsLastReference() throws {
        let store = KVStore()
        var subscription: CommitSubscription? = store.reader.onCommit {}
        #expect(store.reader.subscriptionCount == 1)
        withExtendedLifetime(subscription) {}
        subscription = nil
        #expect(store.reader.subscriptionCount == 0)
    }
}

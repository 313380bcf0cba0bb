import MeshCore
import TestSupport
import Testing

@testable import MeshStore

@Suite struct KVStoreIfFreeTests {
    @Test func answersAsAWriterThatWaitsWould() throws {
        let store = KVStore()
        let twin = KVStore(identity: store.identity)
        var put = PutRequest("key", [1])
        #expect(try store.performIfFree(put)?.get() == twin.perform(put))
        put.previousPair = true
        put.value = [2]
        #expect(try store.performIfFree(put)?.get() == twin.perform(put))
        var delete = DeleteRequest(.key("key"))
        delete.previousPairs = true
        let transaction = TransactionRequest(
            compares: [Compare(.key("key"), .equal, .version(2))],
            success: [.put(PutRequest("other", [3])), .range(RangeRequest(.key("key")))],
            failure: [.delete(delete)]
        )
        #expect(try store.performIfFree(transaction)?.get() == twin.perform(transaction))
        #expect(try store.performIfFree(delete)?.get() == twin.perform(delete))
        #expect(store.revision == 5)
        #expect(store.snapshot().pairs() == twin.snapshot().pairs())
    }

    @Test func refusesWithTheErrorsOfAWriterThatWaitsAndChangesNothing() {
        let store = KVStore()
        var leased = PutRequest("key", [1])
        leased.lease = LeaseID(7)
        #expect(store.performIfFree(PutRequest("", [1])) == .failure(.emptyKey))
        #expect(store.performIfFree(leased) == .failure(.leaseNotFound))
        #expect(store.performIfFree(DeleteRequest(.key(""))) == .failure(.emptyKey))
        let twice = TransactionRequest(success: [.put(PutRequest("key", [1])), .put(PutRequest("key", [2]))])
        #expect(store.performIfFree(twice) == .failure(.duplicateKey))
        #expect(store.revision == 1)
    }

    @Test func doesNothingWhileAnotherWriterIsAtWork() throws {
        let store = KVStore()
        try store.transaction { transaction in
            #expect(store.performIfFree(PutRequest("key", [1])) == nil)
            #expect(store.performIfFree(DeleteRequest(.key("key"))) == nil)
            #expect(store.performIfFree(TransactionRequest(success: [.put(PutRequest("key", [1]))])) == nil)
            transaction.put("key", "written")
        }
        #expect(store.revision == 2)
        #expect(store.get("key")?.version == 1)
        #expect(store.performIfFree(PutRequest("key", [1])) != nil)
    }

    @Test func leavesToAWriterThatMayWaitWhatMayTakeLong() throws {
        let store = KVStore()
        try store.put("a", "1")
        let key = PutRequest("a", [2])
        #expect(store.performIfFree(DeleteRequest(.prefix("a"))) == nil)
        let put = TransactionRequest.Operation.put(key)
        let large: [TransactionRequest] = [
            TransactionRequest(success: [.delete(DeleteRequest(.all))]),
            TransactionRequest(success: [put], failure: [.range(RangeRequest(.all))]),
            TransactionRequest(compares: [Compare(.all, .greater, .version(0))], success: [put]),
            TransactionRequest(success: [.transaction(TransactionRequest(success: [put]))]),
            TransactionRequest(success: (0...16).map { .put(PutRequest(Key("\($0)"), [1])) }),
        ]
        for transaction in large { #expect(store.performIfFree(transaction) == nil) }
        #expect(store.revision == 2)
        let small = TransactionRequest(success: (0..<16).map { .put(PutRequest(Key("\($0)"), [1])) })
        #expect(store.performIfFree(small) != nil)
        #expect(store.revision == 3)
    }

    @Test func wakesWhoWaitsForCommits() {
        let store = KVStore()
        let seen = Locked<[Revision]>([])
        // Reading the store here would stop the process if a lock were still held.
        let subscription = store.reader.onCommit { seen.withLock { $0.append(store.revision) } }
        _ = store.performIfFree(PutRequest("a", [1]))
        _ = store.performIfFree(DeleteRequest(.key("absent")))
        _ = store.performIfFree(TransactionRequest(success: [.put(PutRequest("b", [1]))]))
        #expect(seen.withLock { $0 } == [2, 3])
        subscription.cancel()
    }

    /// Each write is done exactly once, by whichever way it had to take.
    @Test func losesNothingAmongWritersThatWait() async throws {
        let store = KVStore()
        let rounds = 2_000
        try await within(.seconds(60)) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for round in 0..<rounds {
                            let request = PutRequest(Key("\(writer)"), Array("\(round)".utf8))
                            if writer.isMultiple(of: 2) {
                                _ = try store.perform(request)
                            } else {
                                _ = try store.performIfFree(request)?.get() ?? store.perform(request)
                            }
                            if round % 64 == 0 { await Task.yield() }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(store.revision == Revision(Int64(1 + 4 * rounds)))
        for writer in 0..<4 {
            let pair = try #require(store.get(Key("\(writer)")))
            #expect(pair.version == Int64(rounds))
            #expect(Array(pair.value) == Array("\(rounds - 1)".utf8))
        }
    }
}

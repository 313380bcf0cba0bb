import MeshCore
import Testing

@testable import MeshStore

@Suite struct WriteTransactionTests {
    private struct Refusal: Error, Equatable {}

    @Test func makesOneRevisionOfAllItsChanges() throws {
        let store = KVStore()
        try store.put("c", "1")
        let revision = try store.transaction { transaction in
            transaction.put("a", "1")
            transaction.put("b", [1, 2])
            transaction.delete("c")
            return transaction.revision
        }
        #expect(revision == 3)
        #expect(store.revision == 3)
        #expect(store.snapshot().pairs().map(\.key) == ["a", "b"])
        #expect(store.snapshot().pairs().map(\.modRevision) == [3, 3])
    }

    @Test func seesItsOwnChanges() throws {
        let store = KVStore()
        try store.put("counter", "1")
        try store.transaction { transaction in
            #expect(transaction["counter"]?.version == 1)
            transaction.put("counter", "2")
            #expect(transaction["counter"]?.version == 2)
            transaction.put("other", "")
            #expect(transaction.pairs(in: .all).map(\.key) == ["counter", "other"])
            #expect(store.get("counter")?.version == 1, "nobody else sees them yet, and reading does not wait")
        }
        #expect(store.get("counter")?.version == 2)
    }

    @Test func changesNothingWhenItsBodyThrows() throws {
        let store = KVStore()
        #expect(throws: Refusal()) {
            try store.transaction { transaction in
                transaction.put("a", "1")
                throw Refusal()
            }
        }
        #expect(store.revision == 1)
        #expect(store.get("a") == nil)
    }

    @Test func failsAsAWholeWithTheFirstRefusedOperation() throws {
        let store = KVStore()
        try store.put("k/1", "")
        let refused: [(EtcdError, @Sendable (inout WriteTransaction) -> Void)] = [
            (.emptyKey, { $0.put("", "") }),
            (.emptyKey, { $0.delete(KeyRange.key("")) }),
            (.leaseNotFound, { $0.put("a", "", lease: LeaseID(5)) }),
            (.duplicateKey, { transaction in for _ in 0..<2 { transaction.put("a", "") } }),
            (
                .duplicateKey,
                { transaction in
                    transaction.put("a", "")
                    transaction.delete("a")
                }
            ),
            (
                .duplicateKey,
                { transaction in
                    transaction.delete("k/1")
                    transaction.put("k/1", "")
                }
            ),
            (
                .duplicateKey,
                { transaction in
                    transaction.put("k/2", "")
                    transaction.delete(.prefix("k/"))
                }
            ),
            (
                .emptyKey,
                { transaction in
                    transaction.put("", "")
                    transaction.put("a", "", lease: LeaseID(5))
                }
            ),
            (.tooManyOperations, { transaction in for number in 0..<129 { transaction.put("n/\(number)", "") } }),
            (
                .requestTooLarge,
                { transaction in
                    for number in 0..<4 { transaction.put("n/\(number)", [UInt8](repeating: 0, count: 400_000)) }
                }
            ),
        ]
        for (error, body) in refused {
            #expect(throws: error) { try store.transaction { body(&$0) } }
        }
        #expect(store.revision == 2)
        #expect(store.snapshot().pairs().map(\.key) == ["k/1"])
    }

    @Test func mayDeleteTheSameKeysTwice() throws {
        let store = KVStore()
        try store.put("k/1", "")
        try store.transaction { transaction in
            transaction.delete("k/1")
            transaction.delete(.prefix("k/"))
        }
        #expect(store.revision == 3)
    }

    @Test func tellsItsBodyWhetherItWillBeDone() throws {
        let store = KVStore()
        var reached: [Int] = []
        #expect(throws: EtcdError.emptyKey) {
            try store.transaction { transaction in
                transaction.put("a", "1")
                try transaction.check()
                reached.append(1)
                transaction.put("", "2")
                try transaction.check()
                reached.append(2)
            }
        }
        #expect(reached == [1])
        #expect(store.revision == 1)
    }
}

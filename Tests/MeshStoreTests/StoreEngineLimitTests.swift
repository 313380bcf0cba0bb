import MeshCore
import Testing

@testable import MeshStore

@Suite struct StoreEngineLimitTests {
    typealias Operation = TransactionRequest.Operation

    private func put(_ key: Key, bytes: Int = 0) -> PutRequest { PutRequest(key, [UInt8](repeating: 7, count: bytes)) }

    private func engine(_ change: (inout KVStoreConfiguration) -> Void) -> StoreEngine {
        var configuration = KVStoreConfiguration()
        change(&configuration)
        return StoreEngine(configuration: configuration)
    }

    // MARK: - Size of a request

    @Test func takesAsManyBytesInOnePutAsEtcdDoes() throws {
        // Measured with etcd 3.4.23, a key of one byte: 1,572,839 bytes of value by put (1,572,837 with a flag),
        // 1,572,831 inside a transaction, and a key of 1,572,842 bytes to delete.
        var engine = StoreEngine()
        _ = try engine.put(put("k", bytes: 1_572_839))
        #expect(throws: EtcdError.requestTooLarge) { try engine.put(put("k", bytes: 1_572_840)) }
        var flagged = put("k", bytes: 1_572_837)
        flagged.previousPair = true
        _ = try engine.put(flagged)
        flagged.value.append(0)
        #expect(throws: EtcdError.requestTooLarge) { try engine.put(flagged) }
        _ = try engine.perform(TransactionRequest(success: [.put(put("k", bytes: 1_572_831))]))
        #expect(throws: EtcdError.requestTooLarge) {
            try engine.perform(TransactionRequest(success: [.put(put("k", bytes: 1_572_832))]))
        }
        _ = try engine.delete(DeleteRequest(.key(Key([UInt8](repeating: 1, count: 1_572_842)))))
        #expect(throws: EtcdError.requestTooLarge) {
            try engine.delete(DeleteRequest(.key(Key([UInt8](repeating: 1, count: 1_572_843)))))
        }
        #expect(engine.revision == 4)
    }

    @Test func countsBothBranchesConditionsAndNestedTransactions() throws {
        let large = put("k", bytes: 1_000_000)
        let requests = [
            TransactionRequest(success: [.put(large)], failure: [.put(large)]),
            TransactionRequest(
                compares: [Compare(.key("k"), .equal, .value(large.value))], success: [.put(large)]
            ),
            TransactionRequest(success: [.put(large), .transaction(TransactionRequest(success: [.put(large)]))]),
            TransactionRequest(success: [.put(large), .range(RangeRequest(.key(Key(large.value))))]),
            TransactionRequest(success: [.put(large), .delete(DeleteRequest(.key(Key(large.value))))]),
        ]
        for request in requests {
            var engine = StoreEngine()
            #expect(throws: EtcdError.requestTooLarge) { try engine.perform(request) }
        }
    }

    @Test func aReadMayNameAnyKey() throws {
        let key = Key([UInt8](repeating: 1, count: 1_600_000))
        var engine = StoreEngine()
        #expect(try engine.range(RangeRequest(.key(key))).count == 0)
        let read = TransactionRequest.Operation.range(RangeRequest(.key(key)))
        #expect(try engine.perform(TransactionRequest(success: [read], failure: [read])).succeeded)
        #expect(throws: EtcdError.requestTooLarge) {
            try engine.perform(TransactionRequest(success: [.transaction(TransactionRequest(success: [read]))]))
        }
    }

    // MARK: - Room

    @Test func hasNoMoreKeysThanItsBoundAndChangesTheOnesItHas() throws {
        var engine = engine { $0.maximumKeys = 3 }
        for key in ["a", "b", "c"] as [Key] { _ = try engine.put(put(key)) }
        #expect(throws: EtcdError.noSpace) { try engine.put(put("d")) }
        _ = try engine.put(put("a", bytes: 10))
        #expect(throws: EtcdError.noSpace) {
            try engine.perform(TransactionRequest(success: [.put(put("a")), .put(put("d"))]))
        }
        _ = try engine.perform(TransactionRequest(success: [.put(put("a")), .put(put("b"))]))
        _ = try engine.perform(TransactionRequest(success: [], failure: [.put(put("d"))]))
        _ = try engine.delete(DeleteRequest(.key("c")))
        _ = try engine.put(put("d"))
        #expect(engine.index.liveCount == 3)
    }

    @Test func holdsNoMoreBytesThanItsBound() throws {
        var engine = engine { $0.maximumBytes = 10_000 }
        var written = 0
        #expect(throws: EtcdError.noSpace) {
            while true {
                _ = try engine.put(put("key/\(written)", bytes: 1_000))
                written += 1
            }
        }
        #expect(written == 9)
        #expect(engine.liveBytes <= 10_000)
        let revision = engine.revision
        _ = try engine.put(put("key/0", bytes: 1_000))
        #expect(throws: EtcdError.noSpace) { try engine.put(put("key/0", bytes: 3_000)) }
        _ = try engine.perform(TransactionRequest(success: [.range(RangeRequest(.all))]))
        _ = try engine.delete(DeleteRequest(.key("key/1")))
        #expect(engine.revision == Revision(revision.rawValue + 2))
        _ = try engine.put(put("new", bytes: 1_000))
    }

    @Test func staysWithinItsBytesWhateverPairsGrowBy() throws {
        // The same keys and values again and again: only their numbers and leases grow.
        var engine = engine { $0.maximumBytes = 4_400 }
        var numbers = SystemRandomNumberGenerator()
        let lease = LeaseID(.max)
        _ = try engine.grantLease(LeaseGrantRequest(ttl: 60, id: lease), now: .zero, using: &numbers)
        for round in 0..<40 {
            for key in 0..<100 {
                var request = put("key/\(key)", bytes: 20)
                if round > 20 { request.lease = lease }
                _ = try? engine.put(request)
                #expect(engine.liveBytes <= 4_400)
            }
        }
        #expect(engine.liveBytes > 4_300, "the bound was reached")
    }

    @Test func aStoreWithoutRoomCanBeEmptied() throws {
        var engine = engine {
            $0.maximumBytes = 0
            $0.maximumKeys = -5
        }
        #expect(throws: EtcdError.noSpace) { try engine.put(put("a")) }
        _ = try engine.delete(DeleteRequest(.all))
        _ = try engine.perform(TransactionRequest(success: [.range(RangeRequest(.all))]))
        #expect(engine.revision == 1)
    }

    @Test func theSameBoundsHoldInsideAClosure() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumKeys = 2
        let store = KVStore(configuration: configuration)
        #expect(throws: EtcdError.noSpace) {
            try store.transaction { transaction in
                for key in ["a", "b", "c"] as [Key] { transaction.put(key, "") }
            }
        }
        #expect(store.revision == 1)
        try store.transaction { transaction in
            transaction.put("a", "")
            transaction.put("b", "")
        }
    }
}

import MeshCore
import MeshStore
import TestSupport
import Testing

/// How large a write may be, asked of a real etcd and of our store.
///
/// etcd's bound is one of what it writes to its log, in which stand a number of its own, mostly nine or ten bytes long,
/// and the name in the client's certificate. So its bound moves by some bytes from one etcd and client to another: what
/// is three bytes longer than our store takes, neither takes, and what is some tens of bytes shorter, both take.
@Suite struct RequestLimitTests {
    private func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x78, count: count) }

    @Test func refusesWhatEtcdRefuses() async throws {
        let etcd = try await EtcdProcess.start()
        let store = KVStore()
        let exact = KVStore()
        let writes: [(limit: Int, make: (Int) -> RandomWrite)] = [
            (1_572_839, { .put(PutRequest("k", bytes($0))) }),
            (
                1_572_837,
                { count in
                    var request = PutRequest("k", bytes(count))
                    request.previousPair = true
                    return .put(request)
                }
            ),
            (1_572_842, { .delete(DeleteRequest(.key(Key(bytes($0))))) }),
            (1_572_831, { .transaction(TransactionRequest(success: [.put(PutRequest("k", bytes($0)))])) }),
            (
                1_572_818,
                { count in
                    let compare = Compare(.interval("a", "b"), .greater, .version(0))
                    return .transaction(
                        TransactionRequest(
                            compares: [compare], success: [], failure: [.put(PutRequest("k", bytes(count)))])
                    )
                }
            ),
            (
                1_572_823,
                { count in
                    let nested = TransactionRequest(success: [.put(PutRequest("k", bytes(count)))])
                    return .transaction(TransactionRequest(success: [.transaction(nested)]))
                }
            ),
        ]
        try await withEtcdWriter(etcd) { writer in
            for (limit, make) in writes {
                for count in [limit - 32, limit + 3] {
                    try await expectSame("a write of \(count) bytes, where ours takes \(limit)") {
                        () throws(EtcdError) in
                        try store.perform(make(count)).revision
                    } as: { () throws(EtcdError) in
                        try await writer.perform(make(count)).revision
                    }
                }
                // Ours is known to the byte.
                _ = try exact.perform(make(limit))
                #expect(throws: EtcdError.requestTooLarge) { try exact.perform(make(limit + 1)) }
            }
            // What only reads is not written to the log.
            let read = TransactionRequest(success: [.range(RangeRequest(.key(Key(bytes(1_572_900)))))])
            try await expectSame("a transaction that only reads") { () throws(EtcdError) in
                try store.perform(read)
            } as: { () throws(EtcdError) in
                try await writer.perform(read)
            }
        }
    }
}

extension WriteAnswer {
    fileprivate var revision: Revision {
        switch self {
        case .put(let answer): answer.revision
        case .delete(let answer): answer.revision
        case .transaction(let answer): answer.revision
        }
    }
}

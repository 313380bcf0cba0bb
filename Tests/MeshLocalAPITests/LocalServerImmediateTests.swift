import Foundation
import MeshCore
import MeshStore
import MeshWire
import TestSupport
import Testing

@testable import MeshLocalAPI

/// Writes that are done on the thread that receives them, where they can be.
@Suite(.timeLimit(.minutes(2))) struct LocalServerImmediateTests {
    /// Has another writer at work for a while.
    private func occupy(_ store: KVStore) async throws {
        let isAtWork = Locked(false)
        Thread.detachNewThread {
            try? store.transaction { transaction in
                isAtWork.withLock { $0 = true }
                Thread.sleep(forTimeInterval: 0.2)
                transaction.put("occupied", "by another")
            }
        }
        try await eventually { isAtWork.withLock { $0 } }
    }

    @Test func aWriteThatMeetsAnotherWriterWaitsForIt() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                try await occupy(fixture.store)
                #expect(try await client.put("a", "1").1.revision == 3)
                try await occupy(fixture.store)
                #expect(try await client.delete(.key("a")).1.revision == 5)
                try await occupy(fixture.store)
                let transaction = TransactionRequest(success: [.put(PutRequest("b", [1]))])
                let bytes = TransactionCodec.encodeRequest(transaction)
                let answer = try await client.call(EtcdMethods.transaction, bytes)
                #expect(try TransactionCodec.decodeTransactionAnswer(answer).answer.revision == 7)
                #expect(fixture.store.get("b")?.version == 1)
            }
        }
    }

    @Test func readsAreAnsweredWhileAWriterIsAtWork() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                _ = try await client.put("a", "1")
                try await occupy(fixture.store)
                #expect(try await client.range(.key("a")).pairs.count == 1)
                #expect(fixture.store.revision == 2)
            }
        }
    }

    @Test func requestsOfEverySizeAreDone() async throws {
        try await LocalFixture.run { fixture in
            try await fixture.withClient { client in
                for size in [0, 1, 16_000, WriteService.largestImmediateRequest, 70_000, 1_000_000] {
                    let value = String(repeating: "v", count: size)
                    let (header, _) = try await client.put("large", value)
                    #expect(fixture.store.get("large")?.value.count == size)
                    #expect(header?.revision == fixture.store.revision)
                }
                let puts = (0..<100).map { TransactionRequest.Operation.put(PutRequest(Key("k\($0)"), [1])) }
                let bytes = TransactionCodec.encodeRequest(TransactionRequest(success: puts))
                _ = try await client.call(EtcdMethods.transaction, bytes)
                #expect(try await client.delete(.prefix("k")).1.deleted == 100)
            }
        }
    }
}

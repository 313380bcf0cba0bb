import MeshCore
import Testing

@testable import MeshStore

@Suite struct StoreHashTests {
    @Test func storesOfTheSamePairsHaveTheSameHash() throws {
        let (one, two) = (KVStore(), KVStore())
        for store in [one, two] {
            try store.put("a", "1")
            try store.put("b", "2")
        }
        #expect(try one.reader.hash() == two.reader.hash())
        try one.put("c", "3")
        #expect(try one.reader.hash().hash != two.reader.hash().hash)
        #expect(try one.reader.hash(at: 3).hash == two.reader.hash().hash)
    }

    @Test func everyFieldOfAPairCounts() throws {
        func hash(_ body: (KVStore) throws -> Void) throws -> UInt32 {
            let store = KVStore()
            _ = try store.perform(LeaseGrantRequest(ttl: 5, id: LeaseID(1)))
            try body(store)
            return try store.reader.hash().hash
        }
        let hashes = [
            try hash { _ in }, try hash { try $0.put("a", "1") }, try hash { try $0.put("b", "1") },
            try hash { try $0.put("a", "2") }, try hash { try $0.put("a", "1", lease: LeaseID(1)) },
            try hash { for _ in 0..<2 { try $0.put("a", "1") } },
            try hash {
                try $0.put("a", "1")
                try $0.delete(.all)
                try $0.put("a", "1")
            },
        ]
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func isTheSameInEveryProcess() throws {
        let store = KVStore()
        // FNV-1a of nothing, folded.
        #expect(try store.reader.hash().hash == 0xCBF2_9CE4 ^ 0x8422_2325)
        try store.put("a", "b")
        // FNV-1a of the length and of 0A 01 61 10 02 18 02 20 01 2A 01 62.
        var expected: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in [0x0C, 0, 0, 0, 0, 0, 0, 0, 0x0A, 1, 0x61, 0x10, 2, 0x18, 2, 0x20, 1, 0x2A, 1, 0x62] as [UInt64] {
            expected = (expected ^ byte) &* 0x100_0000_01B3
        }
        #expect(try store.reader.hash().hash == UInt32(truncatingIfNeeded: expected ^ (expected >> 32)))
    }

    @Test func saysWhatItHashed() throws {
        let store = KVStore()
        for number in 0..<5 { try store.put("a", "\(number)") }
        #expect(try store.reader.hash().compactRevision == -1)
        #expect(try store.reader.hash().hashRevision == 6)
        try store.compact(to: 3)
        let answer = try store.reader.hash(at: 4)
        #expect(answer.revision == 6)
        #expect(answer.compactRevision == 3)
        #expect(answer.hashRevision == 4)
        #expect(try store.reader.hash(at: -1) == store.reader.hash())
        #expect(throws: EtcdError.compacted) { try store.reader.hash(at: 3) }
        #expect(throws: EtcdError.futureRevision) { try store.reader.hash(at: 7) }
    }
}

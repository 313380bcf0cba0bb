import MeshCore
import MeshRecords
import TestSupport
import Testing

/// What a decoded record takes, all of it: object, texts, lists, and what the allocator adds. Measured in a process of
/// its own, by the memory that the kernel has given out.
@Suite("Records: memory", .enabled(if: ProcessFigures.isMemoryItsOwn, "a sanitizer keeps books beside it"))
struct RecordMemoryTests {
    @Test func anIPRecordTakesLessThan400Bytes() async {
        await #expect(processExitsWith: .success) {
            let json = Golden.ip.replacing("cart-6c9f7", with: "cart-6c9f7d5b8-x2x4q")
            try RecordMemoryTests.expect(lessThan: 400) { MeshRecord.ip(try IPRecord(decoding: bytes(json))) }
        }
    }

    @Test func aNodeRecordTakesLessThan1000Bytes() async {
        await #expect(processExitsWith: .success) {
            try RecordMemoryTests.expect(lessThan: 1_000) {
                MeshRecord.node(try NodeRecord(decoding: bytes(Golden.node)))
            }
        }
    }

    @Test func anIdentityTakesLessThan600Bytes() async {
        await #expect(processExitsWith: .success) {
            try RecordMemoryTests.expect(lessThan: 600) {
                MeshRecord.identity(try IdentityRecord(id: 199_472, decoding: bytes(Golden.identity)))
            }
        }
    }

    private static func expect(lessThan bound: Int, _ make: () throws -> MeshRecord) throws {
        let count = 40_000
        var records: [MeshRecord] = []
        records.reserveCapacity(count)
        // The first thousand make what is made once, and fill what was free already.
        for _ in 0..<1_000 { records.append(try make()) }
        let before = try ProcessFigures.residentKiB
        while records.count < count { records.append(try make()) }
        let each = (try ProcessFigures.residentKiB - before) * 1_024 / (count - 1_000)
        #expect(each < bound && each > 100, "\(each) bytes")
        #expect(records.count == count)
    }
}

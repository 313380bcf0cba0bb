import MeshCore
import MeshWire
import Testing

@testable import mesh_bench

@Suite struct RangeAnswerScannerTests {
    private func scan(keys: [Key], more: Bool, count: Int64) throws -> RangeAnswerScanner {
        let pairs = keys.map { KeyValue(key: $0, createRevision: 2, modRevision: 300, version: 1, value: [1, 2, 3]) }
        let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 4_711, raftTerm: 1)
        let answer = RangeAnswer(pairs: pairs, more: more, count: count, revision: 4_711)
        return try RangeAnswerScanner(RangeCodec.encodeAnswer(header, answer))
    }

    @Test func aPageIsRead() throws {
        let page = try scan(keys: ["a", "b", "long/key"], more: true, count: 70_000)
        #expect(page.pairs == 3)
        #expect(page.hasMore)
        #expect(page.count == 70_000)
        #expect(page.revision == 4_711)
        #expect(page.lastKey == "long/key")
    }

    @Test func anEmptyAnswerHasNothing() throws {
        let page = try scan(keys: [], more: false, count: 0)
        #expect(page.pairs == 0)
        #expect(!page.hasMore)
        #expect(page.lastKey == nil)
        #expect(try RangeAnswerScanner([]).revision == .none)
    }

    @Test func whatIsCutOffIsRefused() {
        #expect(throws: WireFormatError.self) { try RangeAnswerScanner([0x12, 5, 1]) }
    }
}

import MeshCore
import MeshWire
import Testing

@testable import MeshWatcher

@Suite struct RangeStreamPartsTests {
    private let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 9, raftTerm: 1)

    /// The pairs of each message, and what the last one says.
    private func parts(_ valueBytes: [Int], partBytes: Int) throws -> (parts: [[KeyValue]], last: RangeAnswer) {
        let pairs = valueBytes.enumerated().map { index, bytes in
            KeyValue(key: Key("k\(index)"), modRevision: 9, value: [UInt8](repeating: 7, count: bytes))
        }
        let answer = RangeAnswer(pairs: pairs, more: true, count: 99, revision: 9)
        var machine = RangeStreamParts(header, answer, partBytes: partBytes)
        var parts: [[KeyValue]] = []
        var last: RangeAnswer?
        while let message = machine.popFirst() {
            #expect(last == nil, "a message behind the last one")
            let (header, part) = try RangeCodec.decodeStreamPart(message)
            parts.append(part.pairs)
            if let header {
                #expect(header == self.header)
                last = part
            } else {
                #expect(!part.more && part.count == 0)
            }
        }
        #expect(parts.flatMap { $0 } == pairs)
        return (parts, try #require(last))
    }

    @Test func pairsAreGatheredUpToTheBoundAndTheRestGoesWithTheTotals() throws {
        // Ten bytes of key, revision and lengths come to each value.
        let (parts, last) = try parts([400, 400, 400, 400, 400], partBytes: 1_000)
        #expect(parts.map(\.count) == [2, 2, 1])
        #expect(last.more)
        #expect(last.count == 99)
    }

    @Test func aPairLargerThanAPartGoesAlone() throws {
        #expect(try parts([5_000, 10, 5_000, 10], partBytes: 1_000).parts.map(\.count) == [1, 1, 1, 1])
    }

    @Test func whatFitsIntoOneMessageIsOne() throws {
        #expect(try parts([10, 10, 10], partBytes: 1_000).parts.map(\.count) == [3])
    }

    @Test func nothingIsOneMessageToo() throws {
        #expect(try parts([], partBytes: 1_000).parts.map(\.count) == [0])
    }
}

import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct WatchHeadWriterTests {
    private func written(_ head: WatchResponseHead) -> [UInt8] {
        WatchCodec.withEncodedHead(head) { span in span.indices.map { span[$0] } }
    }

    @Test func writesWhatTheCodecWrites() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<500 {
                let head = WatchResponseHead(
                    header: ResponseHeader(
                        clusterID: numbers.next() >> UInt64.random(in: 0..<64, using: &numbers),
                        memberID: numbers.next() >> UInt64.random(in: 0..<64, using: &numbers),
                        revision: Revision(Int64(bitPattern: numbers.next())),
                        raftTerm: UInt64.random(in: 0..<3, using: &numbers)
                    ),
                    watchID: Int64.random(in: -1..<1_000, using: &numbers),
                    created: Bool.random(using: &numbers),
                    canceled: Bool.random(using: &numbers),
                    compactRevision: Revision(Int64.random(in: 0..<3, using: &numbers)),
                    fragment: Bool.random(using: &numbers)
                )
                #expect(written(head) == WatchCodec.encodeHead(head))
            }
        }
    }

    @Test func theLongestHeadFits() {
        let head = WatchResponseHead(
            header: ResponseHeader(clusterID: .max, memberID: .max, revision: Revision(-1), raftTerm: .max),
            watchID: -1,
            created: true,
            canceled: true,
            compactRevision: Revision(-1),
            fragment: true
        )
        #expect(written(head) == WatchCodec.encodeHead(head))
    }

    @Test func aHeadWithATextIsWrittenToo() {
        let head = WatchResponseHead(
            header: ResponseHeader(clusterID: 1, memberID: 2, revision: 3, raftTerm: 4),
            watchID: -1,
            canceled: true,
            cancelReason: String(repeating: "x", count: 500)
        )
        #expect(written(head) == WatchCodec.encodeHead(head))
    }
}

internal import MeshCore
internal import MeshStore
internal import MeshWire

extension MicroBenchmark {
    /// Messages from and to bytes.
    static var wire: [MicroBenchmark] {
        [
            MicroBenchmark("wire.event.encode", operations: Sample.keys.count) {
                let events = try Self.events()
                let size = events.reduce(0) { $0 + WatchCodec.encodedEventSize($1) }
                return {
                    var bytes: [UInt8] = []
                    bytes.reserveCapacity(size)
                    for event in events { WatchCodec.appendEvent(event, to: &bytes) }
                    try expect(bytes.count == size, "events of \(size) bytes have \(bytes.count)")
                }
            },
            MicroBenchmark("wire.watch-head.encode", operations: 10_000) {
                let header = ResponseHeader(clusterID: .max / 3, memberID: .max / 5, revision: 1_000_000, raftTerm: 7)
                return {
                    for watch in 0..<10_000 {
                        let head = WatchResponseHead(header: header, watchID: Int64(watch))
                        try expect(!WatchCodec.encodeHead(head).isEmpty, "a head is empty")
                    }
                }
            },
            MicroBenchmark("wire.watch-response.decode", operations: Sample.keys.count) {
                // Messages of 50 events, as busy streams carry.
                let events = try Self.events()
                let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 3, raftTerm: 1)
                let messages = stride(from: 0, to: events.count, by: 50).map { start in
                    var bytes = WatchCodec.encodeHead(WatchResponseHead(header: header, watchID: 1))
                    for event in events[start..<start + 50] { WatchCodec.appendEvent(event, to: &bytes) }
                    return bytes
                }
                return {
                    for message in messages {
                        let decoded = try WatchCodec.decodeResponse(message)
                        try expect(decoded.events.count == 50, "a message has \(decoded.events.count) events")
                    }
                }
            },
            MicroBenchmark("wire.range-answer.encode", operations: Sample.keys.count) {
                let (header, answer) = try Self.rangeAnswer()
                let size = RangeCodec.encodedAnswerSize(header, answer)
                return {
                    let bytes = RangeCodec.encodeAnswer(header, answer)
                    try expect(bytes.count == size, "an answer of \(size) bytes has \(bytes.count)")
                }
            },
            MicroBenchmark("wire.range-answer.decode", operations: Sample.keys.count) {
                let (header, answer) = try Self.rangeAnswer()
                let bytes = RangeCodec.encodeAnswer(header, answer)
                return {
                    let decoded = try RangeCodec.decodeAnswer(bytes)
                    try expect(decoded.answer.pairs == answer.pairs, "an answer is decoded to another one")
                }
            },
            MicroBenchmark("wire.put-request.decode", operations: 10_000) {
                let bytes = TransactionCodec.encodeRequest(PutRequest(Sample.keys[0], Sample.value))
                return {
                    for _ in 0..<10_000 {
                        let request = try TransactionCodec.decodePutRequest(bytes)
                        try expect(request.value.count == Sample.value.count, "a put is decoded to another one")
                    }
                }
            },
        ]
    }

    private static func events() throws -> [WatchEvent] {
        try Sample.filledStore().snapshot().pairs(in: Sample.prefix).map { WatchEvent(kind: .put, pair: $0) }
    }

    private static func rangeAnswer() throws -> (ResponseHeader, RangeAnswer) {
        let store = try Sample.filledStore()
        return (store.reader.header, try store.perform(RangeRequest(Sample.prefix)))
    }
}

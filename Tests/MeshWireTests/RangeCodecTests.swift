import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct RangeRequestCodecTests {
    @Test func aRequestIsWrittenAsOnTheWire() throws {
        var request = RangeRequest(.prefix("ab"))
        request.limit = 256
        request.revision = 7
        request.sortOrder = .ascending
        request.keysOnly = true
        let expected: [UInt8] = [
            0x0A, 2, 0x61, 0x62,  // key
            0x12, 2, 0x61, 0x63,  // range_end
            0x18, 0x80, 0x02,  // limit
            0x20, 7,  // revision
            0x28, 1,  // sort_order
            0x40, 1,  // keys_only
        ]
        #expect(RangeCodec.encodeRequest(request) == expected)
        #expect(try RangeCodec.decodeRequest(expected) == request)
    }

    @Test func anyRequestComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<500 {
                let request = numbers.rangeRequest()
                let bytes = RangeCodec.encodeRequest(request)
                let read = try RangeCodec.decodeRequest(bytes)
                #expect(read == request)
                #expect(try Etcdserverpb__RangeRequest.repack(bytes) == bytes)
            }
        }
    }

    @Test func aRequestWithoutKeyIsLetThroughSoThatTheServerCanRefuseIt() throws {
        let request = try RangeCodec.decodeRequest([])
        #expect(request.range.lower.isEmpty)
        #expect(request.range.end == .single)
        // A range_end, and an order that is refused only where there is a key.
        #expect(try RangeCodec.decodeRequest([0x12, 1, 0, 0x28, 9]).range.lower.isEmpty)
    }

    @Test(arguments: [[] as [UInt8], [0]], [[0], [0x61]] as [[UInt8]])
    func anIntervalThatEndsBeforeTheFirstKeyStaysEmptyOnTheWire(end: [UInt8], start: [UInt8]) throws {
        // As a range_end, these bytes would mean one key, or all of them.
        let range = KeyRange.interval(Key(start), Key(end))
        #expect(range.isEmpty)
        #expect(try RangeCodec.decodeRequest(RangeCodec.encodeRequest(RangeRequest(range))).range.isEmpty)
    }

    @Test(arguments: [
        [0x28, 3] as [UInt8], [0x30, 5], [0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
    ])
    func anUnknownOrderOrTargetIsRefusedWithEtcdsText(field: [UInt8]) {
        let error = #expect(throws: WireMessageError.self) { try RangeCodec.decodeRequest([0x0A, 1, 0x61] + field) }
        #expect(error?.code == .invalidSortOption)
        #expect(error?.etcdError == .invalidSortOption)
    }

    @Test func unknownFieldsArePassedOverAndOfARepeatedFieldTheLastCounts() throws {
        let bytes: [UInt8] = [
            0x0A, 1, 0x61, 0xA2, 0x06, 2, 0xFF, 0xFF, 0x18, 1, 0x0A, 1, 0x62, 0x18, 2, 0xA8, 0x06, 5,
            0xA5, 0x06, 1, 2, 3, 4,
        ]
        var expected = RangeRequest(.key("b"))
        expected.limit = 2
        #expect(try RangeCodec.decodeRequest(bytes) == expected)
    }

    @Test func aFieldOfTheWrongTypeIsRefusedAsTheSendersFault() {
        let error = #expect(throws: WireMessageError.self) { try RangeCodec.decodeRequest([0x08, 1]) }
        #expect(error?.code == .malformed)
        #expect(error?.etcdError.code == .invalidArgument)
        #expect(error?.message.contains("etcdserverpb.RangeRequest") == true)
    }

    @Test func aCutRequestIsReadOrRefused() async throws {
        try await withRandomNumbers { numbers in
            let bytes = RangeCodec.encodeRequest(numbers.rangeRequest())
            for end in bytes.indices {
                let cut = Array(bytes[..<end])
                let isTaken = (try? Etcdserverpb__RangeRequest.unpack(cut) { _ in true }) ?? false
                #expect(((try? RangeCodec.decodeRequest(cut)) != nil) == isTaken, "cut at \(end) of \(bytes)")
            }
        }
    }
}

@Suite struct RangeAnswerCodecTests {
    /// Puts a message together, and remembers what it could have referred to.
    private struct CollectingSink: MessageSink {
        var bytes: [UInt8] = []
        var referred: [[UInt8]] = []

        mutating func append(_ bytes: [UInt8]) { self.bytes += bytes }

        mutating func append(referringTo bytes: [UInt8]) {
            self.bytes += bytes
            referred.append(bytes)
        }
    }

    @Test func theMessagesOfAStreamMergedAreTheAnswer() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let header = numbers.header()
                let answer = numbers.rangeAnswer(header.revision)
                let cut = Int.random(in: 0...answer.pairs.count, using: &numbers)
                let first = RangeCodec.encodeStreamPart(answer.pairs[..<cut])
                var rest = answer
                rest.pairs = Array(answer.pairs[cut...])
                let last = RangeCodec.encodeLastStreamPart(header, rest)

                let (firstHeader, firstPart) = try RangeCodec.decodeStreamPart(first)
                #expect(firstHeader == nil)
                #expect(firstPart.pairs == Array(answer.pairs[..<cut]))
                #expect(!firstPart.more && firstPart.count == 0)
                #expect(try RangeCodec.decodeStreamPart(last) == (header, rest))
                for part in [first, last] { #expect(try Etcdserverpb__RangeStreamResponse.repack(part) == part) }
                // By protobuf's rules, one message after the other is the encoding of both merged; all that is not
                // repeated is in the last.
                let (wholeHeader, whole) = try RangeCodec.decodeStreamPart(first + last)
                #expect(wholeHeader == header)
                #expect(whole == answer)
            }
        }
    }

    @Test func anAnswerWrittenInPartsIsTheSameAndRefersToEveryPair() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let header = numbers.header()
                let answer = numbers.rangeAnswer(header.revision)
                var sink = CollectingSink()
                RangeCodec.encodeAnswer(header, answer, into: &sink)
                #expect(sink.bytes == RangeCodec.encodeAnswer(header, answer))
                #expect(sink.bytes.count == RangeCodec.encodedAnswerSize(header, answer))
                #expect(sink.referred == answer.pairs.map(\.encoded))
            }
        }
    }

    @Test func protobufReadsEveryFieldOfAnAnswer() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let header = numbers.header()
                let answer = numbers.rangeAnswer(header.revision)
                let bytes = RangeCodec.encodeAnswer(header, answer)
                try Etcdserverpb__RangeResponse.unpack(bytes) { reference in
                    #expect(ResponseHeader(reference.header.pointee) == header)
                    #expect(array(reference.n_kvs, reference.kvs).map { KeyValue($0) } == answer.pairs)
                    #expect((reference.more != 0) == answer.more)
                    #expect(reference.count == answer.count)
                }
                #expect(try Etcdserverpb__RangeResponse.repack(bytes) == bytes)
            }
        }
    }

    @Test func anyAnswerComesBack() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let header = numbers.header()
                let answer = numbers.rangeAnswer(header.revision)
                let read = try RangeCodec.decodeAnswer(RangeCodec.encodeAnswer(header, answer))
                #expect(read.header == header)
                #expect(read.answer == answer)
            }
        }
    }

    @Test func aHeaderOfZerosIsStillAHeader() throws {
        let zeros = ResponseHeader(clusterID: 0, memberID: 0, revision: 0, raftTerm: 0)
        let empty = RangeAnswer(pairs: [], more: false, count: 0, revision: .none)
        #expect(RangeCodec.encodeAnswer(zeros, empty) == [0x0A, 0])
        #expect(try RangeCodec.decodeAnswer([0x0A, 0]).header == zeros)
        #expect(try RangeCodec.decodeAnswer([]).header == nil)
    }

    @Test func aHeaderInTwoPartsIsMerged() throws {
        // cluster_id 5; then revision 9 and an unknown field.
        let read = try RangeCodec.decodeAnswer([0x0A, 2, 0x08, 5, 0x0A, 4, 0x18, 9, 0x78, 1])
        #expect(read.header == ResponseHeader(clusterID: 5, memberID: 0, revision: 9, raftTerm: 0))
        #expect(read.answer.revision == 9)
    }

    @Test func aPairThatIsNoMessageIsRefused() {
        let error = #expect(throws: WireMessageError.self) { try RangeCodec.decodeAnswer([0x12, 2, 0x0A, 5]) }
        #expect(error?.code == .malformed)
        #expect(throws: WireMessageError.self) { try RangeCodec.decodeAnswer([0x10, 1]) }
        #expect(throws: WireMessageError.self) { try RangeCodec.decodeAnswer([0x1A, 0]) }
    }

    @Test func aCutAnswerIsReadOrRefused() async throws {
        try await withRandomNumbers { numbers in
            let header = numbers.header()
            let bytes = RangeCodec.encodeAnswer(header, numbers.rangeAnswer(header.revision))
            for end in bytes.indices {
                let cut = Array(bytes[..<end])
                let count = try? Etcdserverpb__RangeResponse.unpack(cut) { $0.n_kvs }
                #expect((try? RangeCodec.decodeAnswer(cut))?.answer.pairs.count == count, "cut at \(end) of \(bytes)")
            }
        }
    }
}

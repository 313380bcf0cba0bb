import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct TransactionRequestCodecTests {
    @Test func anyWriteComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let put = numbers.putRequest()
                let putBytes = TransactionCodec.encodeRequest(put)
                let putRead = try TransactionCodec.decodePutRequest(putBytes)
                #expect(putRead == put)
                #expect(try Etcdserverpb__PutRequest.repack(putBytes) == putBytes)

                let delete = numbers.deleteRequest()
                let deleteBytes = TransactionCodec.encodeRequest(delete)
                #expect(try TransactionCodec.decodeDeleteRequest(deleteBytes) == delete)
                #expect(try Etcdserverpb__DeleteRangeRequest.repack(deleteBytes) == deleteBytes)

                let compaction = CompactionRequest(numbers.revision(), physical: numbers.flag())
                let compactionBytes = TransactionCodec.encodeRequest(compaction)
                #expect(try TransactionCodec.decodeCompactionRequest(compactionBytes) == compaction)
                #expect(try Etcdserverpb__CompactionRequest.repack(compactionBytes) == compactionBytes)
            }
        }
    }

    @Test func anyTransactionComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let request = numbers.transactionRequest()
                let bytes = TransactionCodec.encodeRequest(request)
                let read = try TransactionCodec.decodeTransactionRequest(bytes)
                #expect(read == request)
                #expect(try Etcdserverpb__TxnRequest.repack(bytes) == bytes)
            }
        }
    }

    @Test func aStepWithoutOperationIsRefusedWithEtcdsText() {
        let error = #expect(throws: WireMessageError.self) {
            try TransactionCodec.decodeTransactionRequest([0x12, 0])
        }
        #expect(error?.code == .emptyOperation)
        #expect(error?.etcdError == .keyNotFound)
    }

    @Test func ofSeveralOperationsInOneStepTheLastCounts() throws {
        // A put of a, then a deletion of b, in one RequestOp.
        let step: [UInt8] = [0x12, 3, 0x0A, 1, 0x61, 0x1A, 3, 0x0A, 1, 0x62]
        let request = try TransactionCodec.decodeTransactionRequest([0x12, UInt8(step.count)] + step)
        #expect(request.success == [.delete(DeleteRequest(.key("b")))])
    }

    @Test(arguments: [[0x08, 4] as [UInt8], [0x10, 5]])
    func aComparisonOfAnUnknownKindIsRefused(field: [UInt8]) {
        let compare = field + [0x1A, 1, 0x61]
        let error = #expect(throws: WireMessageError.self) {
            try TransactionCodec.decodeTransactionRequest([0x0A, UInt8(compare.count)] + compare)
        }
        #expect(error?.code == .invalidComparison)
        #expect(error?.etcdError.code == .invalidArgument)
    }

    @Test(
        arguments: [
            (0, .version(0)), (1, .createRevision(0)), (2, .modRevision(0)), (3, .value([])), (4, .lease(.none)),
        ] as [(UInt8, Compare.Target)])
    func aValueOfAnotherKindThanTheTargetCountsAsZero(target: UInt8, expected: Compare.Target) throws {
        // The version where the target is something else, a lease where it is the version.
        let value: [UInt8] = target == 0 ? [0x40, 9] : [0x20, 9]
        let compare = [0x10, target, 0x1A, 1, 0x61] + value
        let request = try TransactionCodec.decodeTransactionRequest([0x0A, UInt8(compare.count)] + compare)
        #expect(request.compares == [Compare(.key("a"), .equal, expected)])
    }

    @Test func anUnknownOrderInsideATransactionIsRefused() {
        // success { request_range { key: "a" sort_order: 3 } }
        let error = #expect(throws: WireMessageError.self) {
            try TransactionCodec.decodeTransactionRequest([0x12, 7, 0x0A, 5, 0x0A, 1, 0x61, 0x28, 3])
        }
        #expect(error?.code == .invalidSortOption)
    }

    @Test func aCutTransactionIsReadOrRefused() async throws {
        try await withRandomNumbers { numbers in
            let bytes = TransactionCodec.encodeRequest(numbers.transactionRequest())
            for end in bytes.indices {
                let cut = Array(bytes[..<end])
                let isTaken = (try? Etcdserverpb__TxnRequest.unpack(cut) { _ in true }) ?? false
                #expect((try? TransactionCodec.decodeTransactionRequest(cut)) == nil || isTaken)
            }
        }
    }
}

@Suite struct TransactionAnswerCodecTests {
    @Test func anyAnswerToAWriteComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let header = numbers.header()
                let put = PutAnswer(revision: header.revision, previous: numbers.flag() ? numbers.pair() : nil)
                let putBytes = TransactionCodec.encodeAnswer(header, put)
                #expect(try TransactionCodec.decodePutAnswer(putBytes) == (header, put))
                #expect(try Etcdserverpb__PutResponse.repack(putBytes) == putBytes)
                try Etcdserverpb__PutResponse.unpack(putBytes) { reference in
                    #expect(reference.prev_kv.map { KeyValue($0.pointee) } == put.previous)
                }

                let delete = DeleteAnswer(
                    revision: header.revision,
                    deleted: numbers.number(),
                    previous: numbers.pairs()
                )
                let deleteBytes = TransactionCodec.encodeAnswer(header, delete)
                #expect(try TransactionCodec.decodeDeleteAnswer(deleteBytes) == (header, delete))
                #expect(try Etcdserverpb__DeleteRangeResponse.repack(deleteBytes) == deleteBytes)
                try Etcdserverpb__DeleteRangeResponse.unpack(deleteBytes) { reference in
                    #expect(reference.deleted == delete.deleted)
                    #expect(array(reference.n_prev_kvs, reference.prev_kvs).map { KeyValue($0) } == delete.previous)
                }

                let compactionBytes = TransactionCodec.encodeCompactionAnswer(header)
                #expect(try TransactionCodec.decodeCompactionAnswer(compactionBytes) == header)
                #expect(try Etcdserverpb__CompactionResponse.repack(compactionBytes) == compactionBytes)
            }
        }
    }

    @Test func anyAnswerToATransactionComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let header = numbers.header()
                let answer = numbers.transactionAnswer(header.revision)
                let bytes = TransactionCodec.encodeAnswer(header, answer)
                #expect(try TransactionCodec.decodeTransactionAnswer(bytes) == (header, answer))
                #expect(try Etcdserverpb__TxnResponse.repack(bytes) == bytes)
                try Etcdserverpb__TxnResponse.unpack(bytes) { reference in
                    #expect((reference.succeeded != 0) == answer.succeeded)
                    #expect(array(reference.n_responses, reference.responses).count == answer.answers.count)
                }
            }
        }
    }

    @Test func headersInsideATransactionsAnswerSayOnlyTheRevision() throws {
        let header = ResponseHeader(clusterID: 7, memberID: 8, revision: 5, raftTerm: 2)
        let answer = TransactionAnswer(succeeded: true, answers: [.put(PutAnswer(revision: 5))], revision: 5)
        let bytes = TransactionCodec.encodeAnswer(header, answer)
        try Etcdserverpb__TxnResponse.unpack(bytes) { reference in
            #expect(ResponseHeader(reference.header.pointee) == header)
            let inner = array(reference.n_responses, reference.responses).first?.response_put.pointee.header.pointee
            #expect(
                inner.map { ResponseHeader($0) }
                    == ResponseHeader(clusterID: 0, memberID: 0, revision: 5, raftTerm: 0)
            )
        }
    }

    @Test func answersThatLieTooDeepInEachOtherAreRefused() throws {
        var answer = TransactionAnswer(succeeded: true, answers: [], revision: 2)
        for _ in 1..<32 { answer = TransactionAnswer(succeeded: true, answers: [.transaction(answer)], revision: 2) }
        let header = ResponseHeader(clusterID: 7, memberID: 8, revision: 2, raftTerm: 2)
        #expect(
            try TransactionCodec.decodeTransactionAnswer(TransactionCodec.encodeAnswer(header, answer)).answer == answer
        )
        answer = TransactionAnswer(succeeded: true, answers: [.transaction(answer)], revision: 2)
        let tooDeep = TransactionCodec.encodeAnswer(header, answer)
        let error = #expect(throws: WireMessageError.self) { try TransactionCodec.decodeTransactionAnswer(tooDeep) }
        #expect(error?.code == .malformed)
    }

    @Test func anAnswerToAStepIsNeverMissing() {
        #expect(throws: WireMessageError.self) { try TransactionCodec.decodeTransactionAnswer([0x1A, 0]) }
    }

    @Test func aCutAnswerIsReadOrRefused() async throws {
        try await withRandomNumbers { numbers in
            let header = numbers.header()
            let bytes = TransactionCodec.encodeAnswer(header, numbers.transactionAnswer(header.revision))
            for end in bytes.indices {
                let cut = Array(bytes[..<end])
                let count = try? Etcdserverpb__TxnResponse.unpack(cut) { $0.n_responses }
                let read = try? TransactionCodec.decodeTransactionAnswer(cut).answer.answers.count
                #expect(read == nil || read == count, "cut at \(end) of \(bytes)")
            }
        }
    }
}

import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

/// What is checked before protobuf-c sees a message. Every fault here must come as an error, in time linear in the
/// message's bytes.
@Suite struct MessageScanTests {
    /// `count` messages in each other, each the field of the one around it that `tags` name in turn from inside out.
    private func nested(_ count: Int, tags: [UInt8]) -> [UInt8] {
        // Written back to front, so that building it stays linear.
        var reversed: [UInt8] = []
        for level in 0..<count {
            var head: [UInt8] = [tags[level % tags.count]]
            Varint.append(UInt64(reversed.count), to: &head)
            reversed.append(contentsOf: head.reversed())
        }
        return reversed.reversed()
    }

    /// Field 4 of a RequestOp is a TxnRequest, field 2 of a TxnRequest a RequestOp.
    private func nestedTransactions(_ count: Int) -> [UInt8] { nested(2 * count, tags: [4 << 3 | 2, 2 << 3 | 2]) }

    @Test func tenThousandTransactionsInEachOtherAreRefused() {
        let bytes = nestedTransactions(10_000)
        #expect(bytes.count > 70_000)
        let error = #expect(throws: WireMessageError.self) { try TransactionCodec.decodeTransactionRequest(bytes) }
        #expect(error?.code == .tooDeep)
        #expect(error?.message.contains("64") == true)
        #expect(error?.etcdError.code == .invalidArgument)
    }

    @Test func theDepthIsBoundedExactly() throws {
        // Each transaction inside the outermost adds two levels.
        let limits = MessageLimits(maximumBytes: 1_000, maximumDepth: 5)
        let atLimit = try TransactionCodec.decodeTransactionRequest(nestedTransactions(2), limits: limits)
        #expect(
            atLimit
                == TransactionRequest(success: [
                    .transaction(TransactionRequest(success: [.transaction(TransactionRequest(success: []))]))
                ])
        )
        let error = #expect(throws: WireMessageError.self) {
            try TransactionCodec.decodeTransactionRequest(nestedTransactions(3), limits: limits)
        }
        #expect(error?.code == .tooDeep)
    }

    @Test func theDefaultDepthTakesThirtyOneTransactionsInEachOther() throws {
        _ = try TransactionCodec.decodeTransactionRequest(nestedTransactions(31))
        #expect(throws: WireMessageError.self) {
            try TransactionCodec.decodeTransactionRequest(nestedTransactions(32))
        }
    }

    @Test(.timeLimit(.minutes(1))) func nestingInUnknownFieldsIsPassedOver() throws {
        // Field 9 is in no request: nobody enters it, however deep it looks.
        let unknown = nested(300_000, tags: [9 << 3 | 2])
        #expect(unknown.count > 1_000_000)
        #expect(try WatchCodec.decodeRequest(unknown) == nil)
        let inKey = [0x0A] + unknown.dropFirst()
        #expect(try RangeCodec.decodeRequest(inKey).range.lower.bytes.count > 1_000_000)
    }

    @Test(.timeLimit(.minutes(1))) func theScanIsLinearInWideAndDeepMessages() throws {
        // 31 transactions in each other, the innermost with a megabyte of empty steps: a scan that read each level's
        // content again would read thirty megabytes of fields.
        var bytes = [UInt8](repeating: 0, count: 1_000_000)
        for index in stride(from: 0, to: bytes.count, by: 2) { bytes[index] = 2 << 3 | 2 }
        for level in 0..<62 {
            var head: [UInt8] = [level.isMultiple(of: 2) ? 4 << 3 | 2 : 2 << 3 | 2]
            Varint.append(UInt64(bytes.count), to: &head)
            bytes = head + bytes
        }
        let limits = MessageLimits(maximumBytes: 2_000_000, maximumFields: 400_000)
        let error = #expect(throws: WireMessageError.self) {
            try TransactionCodec.decodeTransactionRequest(bytes, limits: limits)
        }
        #expect(error?.code == .tooManyFields)
    }

    @Test func theNumberOfFieldsIsBoundedExactly() throws {
        let limits = MessageLimits(maximumBytes: 1_000, maximumFields: 4)
        // Two steps with a put each: four fields.
        let put: [UInt8] = [0x12, 2, 0x12, 0]
        #expect(try TransactionCodec.decodeTransactionRequest(put + put, limits: limits).success.count == 2)
        let error = #expect(throws: WireMessageError.self) {
            try TransactionCodec.decodeTransactionRequest(put + put + put, limits: limits)
        }
        #expect(error?.code == .tooManyFields)
    }

    @Test func theSizeIsBoundedExactly() throws {
        let request = RangeCodec.encodeRequest(RangeRequest(.key("abc")))
        #expect(request.count == 5)
        _ = try RangeCodec.decodeRequest(request, limits: MessageLimits(maximumBytes: 5))
        let error = #expect(throws: WireMessageError.self) {
            try RangeCodec.decodeRequest(request, limits: MessageLimits(maximumBytes: 4))
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.etcdError == .requestTooLarge)
        #expect(MessageLimits().maximumBytes == 1_536 * 1_024)
    }

    @Test(
        arguments: [
            [0x12, 0x02, 0x12],  // a field longer than the message
            [0x12, 0x02, 0x12, 0x01, 0x00],  // an inner field longer than the message around it
            [0x12, 0x01, 0x92],  // a tag that goes on outside its message
            [0x12, 0x02, 0x28, 0x80, 0x01],  // a number that goes on outside its message
            [0x12, 0x03, 0x2D, 0, 0, 0, 0],  // a fixed-size number that goes on outside its message
            [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],  // a length of 2⁶⁴ - 1
            [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x07],  // a length of 2³¹ - 1
            [0x00, 0x00],  // field number 0
            [0x80, 0x80, 0x80, 0x80, 0x10, 0x00],  // field number 2²⁹
            [0x0B, 0x0C],  // a group
            [0x0E], [0x0F],  // wire types that do not exist
            [0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],  // a number of eleven bytes
        ] as [[UInt8]])
    func aBrokenEncodingIsRefused(bytes: [UInt8]) {
        let error = #expect(throws: WireMessageError.self) { try TransactionCodec.decodeTransactionRequest(bytes) }
        #expect(error?.code == .malformed)
    }

    @Test func randomBytesNeverDoMoreThanFail() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<5_000 {
                self.readAsEverything(numbers.bytes(0...60))
            }
        }
    }

    @Test func brokenMessagesNeverDoMoreThanFail() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<1_000 {
                let header = numbers.header()
                var bytes =
                    switch Int.random(in: 0..<4, using: &numbers) {
                    case 0: TransactionCodec.encodeRequest(numbers.transactionRequest())
                    case 1: TransactionCodec.encodeAnswer(header, numbers.transactionAnswer(header.revision))
                    case 2: RangeCodec.encodeAnswer(header, numbers.rangeAnswer(header.revision))
                    default: WatchCodec.encodeRequest(numbers.watchClientMessage())
                    }
                for _ in 0..<3 {
                    guard let place = bytes.indices.randomElement(using: &numbers) else { continue }
                    bytes[place] = UInt8.random(in: .min ... .max, using: &numbers)
                }
                self.readAsEverything(bytes)
            }
        }
    }

    /// Reads the bytes as each kind of message; what protobuf-c refuses must be refused here.
    private func readAsEverything(_ bytes: [UInt8]) {
        if (try? RangeCodec.decodeRequest(bytes)) != nil {
            #expect(throws: Never.self) { try Etcdserverpb__RangeRequest.unpack(bytes) { _ in } }
        }
        if (try? TransactionCodec.decodeTransactionRequest(bytes)) != nil {
            #expect(throws: Never.self) { try Etcdserverpb__TxnRequest.unpack(bytes) { _ in } }
        }
        _ = try? WatchCodec.decodeRequest(bytes)
        _ = try? TransactionCodec.decodePutRequest(bytes)
        _ = try? TransactionCodec.decodeDeleteRequest(bytes)
        _ = try? TransactionCodec.decodeCompactionRequest(bytes)
        _ = try? RangeCodec.decodeAnswer(bytes)
        _ = try? WatchCodec.decodeResponse(bytes)
        _ = try? TransactionCodec.decodeTransactionAnswer(bytes)
        _ = try? TransactionCodec.decodePutAnswer(bytes)
        _ = try? TransactionCodec.decodeDeleteAnswer(bytes)
        _ = try? TransactionCodec.decodeCompactionAnswer(bytes)
    }
}

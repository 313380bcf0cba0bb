import CGRPC
import MeshCore
import TestSupport
import Testing

@testable import MeshRPC

@Suite struct RPCPayloadSinkTests {
    /// A message that was written part by part, as core has it.
    private func received(_ count: Int, _ write: @escaping @Sendable (inout RPCPayloadSink) -> Void) -> ReceivedMessage?
    {
        var payload = RPCPayload()
        payload.append(count: count, writing: write)
        #expect(payload.count == count)
        return payload.makeByteBuffer().map { ReceivedMessage($0) }
    }

    @Test func partsOfAnyLengthArriveInTheirOrder() async throws {
        try await withRandomNumbers { numbers in
            let parts = (0..<500).map { _ in
                (
                    isReferred: Bool.random(using: &numbers),
                    bytes: [UInt8].pattern([0, 1, 3, 255, 256, 257, 5_000].randomElement(using: &numbers) ?? 0)
                )
            }
            let whole = parts.flatMap(\.bytes)
            let message = received(whole.count) { sink in
                for part in parts {
                    if part.isReferred { sink.append(referringTo: part.bytes) } else { sink.append(part.bytes) }
                }
            }
            #expect(message?.bytes() == whole)
        }
    }

    @Test func whatIsReferredToLivesAsLongAsTheMessage() {
        let message = received(3 * 1_000) { sink in
            // Nobody else holds these.
            for byte in 1...3 { sink.append(referringTo: [UInt8](repeating: UInt8(byte), count: 1_000)) }
        }
        let churn = (0..<100).map { [UInt8](repeating: UInt8($0), count: 1_000) }
        #expect(churn.count == 100)
        #expect(
            message?.bytes()
                == [1, 2, 3].flatMap { [UInt8](repeating: $0, count: 1_000) }
        )
    }

    @Test func longPartsAreNotCopied() {
        let long = [UInt8].pattern(RPCPayloadSink.smallestReferredPart)
        let start = long.withUnsafeBufferPointer { $0.baseAddress }
        var payload = RPCPayload()
        payload.append(count: 2 * long.count + 3) { sink in
            sink.append([1, 2, 3])
            sink.append(referringTo: long)
            sink.append(referringTo: long)
        }
        guard let buffer = payload.makeByteBuffer() else { return }
        defer { grpc_byte_buffer_destroy(buffer) }
        guard let list = cgrpc_slices_of(buffer) else { return }
        let slices = UnsafeBufferPointer(start: list.pointee.slices, count: list.pointee.count)
        #expect(slices.count == 3)
        for slice in slices.dropFirst() { #expect(slice.data.refcounted.bytes.map { UnsafePointer($0) } == start) }
    }

    @Test func manyShortPartsBecomeFewPieces() {
        var payload = RPCPayload()
        payload.append(count: 300_000) { sink in for _ in 0..<30_000 { sink.append(referringTo: .pattern(10)) } }
        guard let buffer = payload.makeByteBuffer() else { return }
        defer { grpc_byte_buffer_destroy(buffer) }
        #expect((cgrpc_slices_of(buffer)?.pointee.count ?? 0) <= 5)
        #expect(grpc_byte_buffer_length(buffer) == 300_000)
    }

    @Test func aMessageMayBeSentTwice() {
        var payload = RPCPayload([9])
        payload.append(count: 500) { $0.append(referringTo: .pattern(500)) }
        for _ in 0..<2 {
            #expect(payload.makeByteBuffer().map { ReceivedMessage($0).bytes() } == [9] + .pattern(500))
        }
    }

    @Test func nothingIsNothing() {
        var payload = RPCPayload()
        payload.append(count: 0) { _ in }
        #expect(payload.makeByteBuffer().map { ReceivedMessage($0).bytes() } == [])
    }
}

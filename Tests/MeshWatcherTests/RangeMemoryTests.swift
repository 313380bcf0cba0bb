import CGRPC
import MeshCore
import MeshStore
import MeshWire
import Testing

@testable import MeshRPC
@testable import MeshWatcher

/// What a large answer to a Range has in memory besides the stored pairs.
@Suite struct RangeMemoryTests {
    /// The pieces of an answer as core has them: how many there are, and how many bytes of them are stored pairs.
    private func pieces(
        _ store: KVStore,
        _ request: RangeRequest
    ) async throws -> (bytes: Int, stored: Int, count: Int) {
        let service = RangeService(
            reader: store.reader,
            access: PeerAdmission(AccessPolicy(roles: [AccessRole(.commonName("reader"), mayRead: [.all])])),
            limits: WatcherLimits()
        )
        let peer = PeerIdentity(commonName: "reader")
        let payload = try await service.answer(RangeCodec.encodeRequest(request), to: peer)
        let message = try #require(payload.makeByteBuffer())
        defer { grpc_byte_buffer_destroy(message) }
        let addresses = Set(
            store.snapshot().pairs().map { $0.encoded.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } }
        )
        let list = try #require(cgrpc_slices_of(message)).pointee
        var stored = 0
        for slice in UnsafeBufferPointer(start: list.slices, count: list.count) where slice.refcount != nil {
            guard addresses.contains(UInt(bitPattern: slice.data.refcounted.bytes)) else { continue }
            stored += slice.data.refcounted.length
        }
        return (grpc_byte_buffer_length(message), stored, list.count)
    }

    @Test func hundredThousandPairsAreSentFromWhereTheyLie() async throws {
        let store = KVStore()
        let value = [UInt8](repeating: 7, count: 512)
        for index in 0..<100_000 { try store.put(Key("cilium/state/nodes/v1/athens/\(index)"), value) }
        let (bytes, stored, count) = try await pieces(store, RangeRequest(.all))
        #expect(bytes > 53_000_000)
        // All but the few bytes in front of each pair.
        #expect(stored > bytes * 99 / 100)
        // Core's list has 32 bytes for each piece, and core keeps two of them for a while.
        #expect(count * 32 * 2 < bytes / 4)
    }

    @Test func shortPairsAndShortAnswersAreGatheredInBlocks() async throws {
        let store = KVStore()
        for index in 0..<20_000 { try store.put(Key("k\(index)"), [UInt8](repeating: 7, count: 100)) }
        let (bytes, stored, count) = try await pieces(store, RangeRequest(.all))
        #expect(bytes > RangeService.largestCopiedAnswer)
        #expect(stored == 0)
        #expect(count < 100)
        var short = RangeRequest(.all)
        short.limit = 1_000
        #expect(try await pieces(store, short).count == 1)
    }
}

internal import MeshCore

extension StoreEngine {
    /// The hash of the pairs at a revision; see `StoreReader.hash(at:)`. O(bytes).
    func hash(at asked: Revision) throws(EtcdError) -> StoreHash {
        guard head.isReadable else { throw .notListed }
        // As etcd 3.4 has it, the compacted revision itself can be read, but not hashed.
        if asked > .none, asked <= compactedRevision { throw .compacted }
        if asked > revision { throw .futureRevision }
        var request = RangeRequest(.all)
        request.revision = asked
        var hash = FNVHash()
        for pair in answer(request, current: revision).pairs {
            hash.combine(UInt64(pair.encoded.count))
            hash.combine(pair.encoded.span)
        }
        return StoreHash(
            revision: revision,
            hash: hash.value,
            compactRevision: compactedRevision == .none ? -1 : compactedRevision,
            hashRevision: asked > .none ? asked : revision
        )
    }
}

/// FNV-1a of 64 bits, folded to 32 (Fowler, Noll and Vo; RFC 9923): the same in every process.
private struct FNVHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    var value: UInt32 { UInt32(truncatingIfNeeded: state ^ (state >> 32)) }

    mutating func combine(_ bytes: Span<UInt8>) {
        for index in bytes.indices { combine(bytes[index]) }
    }

    /// Takes a number in as its eight bytes, the least significant first.
    mutating func combine(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { combine(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }

    private mutating func combine(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}

import CProtos
import MeshCore
import TestSupport
import Testing

/// MeshCore lays a pair out itself; protobuf-c is the judge of that layout.
@Suite struct KeyValueLayoutTests {
    @Test func aPairIsLaidOutAsProtobufPacksIt() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<2_000 {
                let pair = numbers.pair()
                #expect(pair.encoded == pair.packedByReference)
            }
        }
    }

    @Test func protobufReadsEveryFieldOfAPair() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<500 {
                let key = numbers.key()
                let value = numbers.bytes(0...300)
                let create = numbers.number()
                let mod = numbers.number()
                let version = numbers.number()
                let lease = numbers.number()
                let pair = KeyValue(
                    key: key,
                    createRevision: Revision(create),
                    modRevision: Revision(mod),
                    version: version,
                    value: value,
                    lease: LeaseID(lease)
                )
                try Mvccpb__KeyValue.unpack(pair.encoded) { reference in
                    #expect(reference.key.array == key.bytes)
                    #expect(reference.value.array == value)
                    #expect(reference.create_revision == create)
                    #expect(reference.mod_revision == mod)
                    #expect(reference.version == version)
                    #expect(reference.lease == lease)
                }
            }
        }
    }

    @Test func aPairWithItsFieldsInAnyOrderIsReadAsProtobufReadsIt() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<500 {
                // Encoded pairs one after another are one message in which later fields win.
                let bytes = numbers.pair().encoded + numbers.pair().encoded
                let reference = try Mvccpb__KeyValue.unpack(bytes) { KeyValue($0) }
                #expect(try KeyValue(decoding: bytes[...]) == reference)
            }
        }
    }

    @Test func aCutPairIsReadAsProtobufReadsItOrRefused() async throws {
        try await withRandomNumbers { numbers in
            let bytes = numbers.pair().encoded
            for end in bytes.indices {
                let cut = Array(bytes[..<end])
                let reference = try? Mvccpb__KeyValue.unpack(cut) { KeyValue($0) }
                #expect((try? KeyValue(decoding: cut[...])) == reference, "cut at \(end) of \(bytes)")
            }
        }
    }
}

import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct AuthCodecTests {
    @Test func anyStatusComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers throws in
            for _ in 0..<100 {
                let header = numbers.header()
                let status = AuthStatus(isEnabled: numbers.flag(), revision: numbers.flag() ? 0 : numbers.next())
                let bytes = AuthCodec.encodeAnswer(header, status)
                #expect(try AuthCodec.decodeStatusAnswer(bytes) == (header, status))
                #expect(try Etcdserverpb__AuthStatusResponse.repack(bytes) == bytes)
            }
        }
    }

    @Test func aStoreWithoutUsersSaysNothingButItsHeader() {
        let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 3, raftTerm: 4)
        let bytes = AuthCodec.encodeAnswer(header, AuthStatus())
        #expect(bytes == [0x0A, 8, 0x08, 1, 0x10, 2, 0x18, 3, 0x20, 4])
    }

    @Test(arguments: [[0x08], [0x0B], [0x0A, 9, 1], [0xFF, 0xFF]] as [[UInt8]])
    func bytesThatAreNoMessageAreRefused(garbage: [UInt8]) {
        #expect(throws: WireMessageError.self) { try AuthCodec.decodeStatusRequest(garbage) }
        #expect(throws: WireMessageError.self) { try AuthCodec.decodeStatusAnswer(garbage) }
    }
}

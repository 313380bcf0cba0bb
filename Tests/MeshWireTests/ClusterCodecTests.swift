import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct ClusterCodecTests {
    @Test func aListOfMembersIsWrittenAsOnTheWire() {
        let header = ResponseHeader(clusterID: 1, memberID: 2, revision: .none, raftTerm: 4)
        let member = ClusterMember(id: 2, name: "a", peerURLs: ["p"], clientURLs: ["c", "d"], isLearner: true)
        #expect(
            ClusterCodec.encodeAnswer(header, [member]) == [
                0x0A, 6, 0x08, 1, 0x10, 2, 0x20, 4,  // header
                0x12, 16,  // members
                0x08, 2, 0x12, 1, 0x61, 0x1A, 1, 0x70, 0x22, 1, 0x63, 0x22, 1, 0x64, 0x28, 1,
            ]
        )
    }

    @Test func anyListOfMembersComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers throws in
            for _ in 0..<200 {
                let header = numbers.header()
                let members = (0..<Int.random(in: 0...3, using: &numbers)).map { _ in numbers.clusterMember() }
                let bytes = ClusterCodec.encodeAnswer(header, members)
                #expect(try ClusterCodec.decodeMemberListAnswer(bytes) == (header, members))
                #expect(try Etcdserverpb__MemberListResponse.repack(bytes) == bytes)
            }
        }
    }

    @Test(arguments: [true, false]) func aRequestComesBack(linearizable: Bool) throws {
        let bytes = ClusterCodec.encodeMemberListRequest(linearizable: linearizable)
        #expect(bytes == (linearizable ? [0x08, 1] : []))
        #expect(try ClusterCodec.decodeMemberListRequest(bytes) == linearizable)
    }

    @Test(arguments: [[0x08], [0x0B], [0x12, 2, 0x12, 9], [0xFF, 0xFF]] as [[UInt8]])
    func bytesThatAreNoMessageAreRefused(garbage: [UInt8]) {
        #expect(throws: WireMessageError.self) { try ClusterCodec.decodeMemberListAnswer(garbage) }
        if garbage.first != 0x12 {
            #expect(throws: WireMessageError.self) { try ClusterCodec.decodeMemberListRequest(garbage) }
        }
    }
}

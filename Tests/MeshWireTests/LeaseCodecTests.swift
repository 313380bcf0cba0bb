import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct LeaseCodecTests {
    @Test func messagesAreWrittenAsOnTheWire() throws {
        #expect(LeaseCodec.encodeRequest(LeaseGrantRequest(ttl: 60, id: LeaseID(7))) == [0x08, 60, 0x10, 7])
        #expect(LeaseCodec.encodeRequest(LeaseTimeToLiveRequest(LeaseID(7), keys: true)) == [0x08, 7, 0x10, 1])
        let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 3, raftTerm: 4)
        let answer = LeaseTimeToLiveAnswer(revision: 3, id: LeaseID(7), ttl: 5, grantedTTL: 60, keys: ["a", "b"])
        #expect(
            LeaseCodec.encodeAnswer(header, answer) == [
                0x0A, 8, 0x08, 1, 0x10, 2, 0x18, 3, 0x20, 4,  // header
                0x10, 7,  // ID
                0x18, 5,  // TTL
                0x20, 60,  // grantedTTL
                0x2A, 1, 0x61, 0x2A, 1, 0x62,  // keys
            ]
        )
    }

    @Test func anyRequestComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers throws in
            for _ in 0..<200 {
                let grant = LeaseGrantRequest(ttl: numbers.number(), id: numbers.lease())
                var bytes = LeaseCodec.encodeRequest(grant)
                #expect(try LeaseCodec.decodeGrantRequest(bytes) == grant)
                #expect(try Etcdserverpb__LeaseGrantRequest.repack(bytes) == bytes)

                let id = numbers.lease()
                bytes = LeaseCodec.encodeRevokeRequest(id)
                #expect(try LeaseCodec.decodeRevokeRequest(bytes) == id)
                #expect(try Etcdserverpb__LeaseRevokeRequest.repack(bytes) == bytes)

                bytes = LeaseCodec.encodeKeepAliveRequest(id)
                #expect(try LeaseCodec.decodeKeepAliveRequest(bytes) == id)
                #expect(try Etcdserverpb__LeaseKeepAliveRequest.repack(bytes) == bytes)

                let question = LeaseTimeToLiveRequest(id, keys: numbers.flag())
                bytes = LeaseCodec.encodeRequest(question)
                #expect(try LeaseCodec.decodeTimeToLiveRequest(bytes) == question)
                #expect(try Etcdserverpb__LeaseTimeToLiveRequest.repack(bytes) == bytes)
            }
        }
    }

    @Test func anyAnswerComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers throws in
            for _ in 0..<200 {
                let header = numbers.header()
                let grant = LeaseGrantAnswer(revision: header.revision, id: numbers.lease(), ttl: numbers.number())
                var bytes = LeaseCodec.encodeAnswer(header, grant)
                #expect(try LeaseCodec.decodeGrantAnswer(bytes) == (header, grant))
                #expect(try Etcdserverpb__LeaseGrantResponse.repack(bytes) == bytes)

                bytes = LeaseCodec.encodeRevokeAnswer(header)
                #expect(try LeaseCodec.decodeRevokeAnswer(bytes) == header)
                #expect(try Etcdserverpb__LeaseRevokeResponse.repack(bytes) == bytes)

                let kept = LeaseKeepAliveAnswer(revision: header.revision, id: numbers.lease(), ttl: numbers.number())
                bytes = LeaseCodec.encodeAnswer(header, kept)
                #expect(try LeaseCodec.decodeKeepAliveAnswer(bytes) == (header, kept))
                #expect(try Etcdserverpb__LeaseKeepAliveResponse.repack(bytes) == bytes)

                let rest = numbers.leaseTimeToLiveAnswer(header.revision)
                bytes = LeaseCodec.encodeAnswer(header, rest)
                #expect(try LeaseCodec.decodeTimeToLiveAnswer(bytes) == (header, rest))
                #expect(try Etcdserverpb__LeaseTimeToLiveResponse.repack(bytes) == bytes)

                let list = LeaseListAnswer(
                    revision: header.revision,
                    leases: (0..<Int.random(in: 0...4, using: &numbers)).map { _ in numbers.lease() }
                )
                bytes = LeaseCodec.encodeAnswer(header, list)
                #expect(try LeaseCodec.decodeListAnswer(bytes) == (header, list))
                #expect(try Etcdserverpb__LeaseLeasesResponse.repack(bytes) == bytes)
            }
        }
    }

    @Test(arguments: [[0x08], [0x0B], [0x0A, 9, 1], [0xFF, 0xFF]] as [[UInt8]])
    func bytesThatAreNoRequestAreRefused(garbage: [UInt8]) {
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeGrantRequest(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeRevokeRequest(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeKeepAliveRequest(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeTimeToLiveRequest(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeListRequest(garbage) }
    }

    @Test func aRequestWithoutFieldsMayHaveUnknownOnes() throws {
        try LeaseCodec.decodeListRequest([])
        try LeaseCodec.decodeListRequest([0xA2, 0x06, 2, 1, 2])
    }

    @Test(arguments: [[0x0A, 9, 1], [0x12], [0x0D, 1, 2]] as [[UInt8]])
    func bytesThatAreNoAnswerAreRefused(garbage: [UInt8]) {
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeGrantAnswer(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeRevokeAnswer(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeKeepAliveAnswer(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeTimeToLiveAnswer(garbage) }
        #expect(throws: WireMessageError.self) { try LeaseCodec.decodeListAnswer(garbage) }
    }
}

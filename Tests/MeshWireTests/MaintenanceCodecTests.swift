import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct MaintenanceCodecTests {
    @Test func aStatusIsWrittenAsOnTheWire() {
        let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 3, raftTerm: 4)
        let status = MemberStatus(
            version: "3.5",
            databaseSize: 9,
            databaseSizeInUse: 8,
            leader: 2,
            raftIndex: 5,
            raftTerm: 4,
            raftAppliedIndex: 5,
            errors: ["e"]
        )
        #expect(
            MaintenanceCodec.encodeAnswer(header, status) == [
                0x0A, 8, 0x08, 1, 0x10, 2, 0x18, 3, 0x20, 4,  // header
                0x12, 3, 0x33, 0x2E, 0x35,  // version
                0x18, 9, 0x20, 2, 0x28, 5, 0x30, 4, 0x38, 5,  // dbSize, leader, raftIndex, raftTerm, raftAppliedIndex
                0x42, 1, 0x65,  // errors
                0x48, 8,  // dbSizeInUse
            ]
        )
    }

    @Test func anyAnswerComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers throws in
            for _ in 0..<200 {
                let header = numbers.header()
                let status = numbers.memberStatus()
                var bytes = MaintenanceCodec.encodeAnswer(header, status)
                #expect(try MaintenanceCodec.decodeStatusAnswer(bytes) == (header, status))
                #expect(try Etcdserverpb__StatusResponse.repack(bytes) == bytes)

                let alarms = (0..<Int.random(in: 0...3, using: &numbers)).map { _ in numbers.alarm() }
                bytes = MaintenanceCodec.encodeAnswer(header, alarms)
                #expect(try MaintenanceCodec.decodeAlarmAnswer(bytes) == (header, alarms))
                #expect(try Etcdserverpb__AlarmResponse.repack(bytes) == bytes)

                let number = UInt32(truncatingIfNeeded: numbers.next())
                bytes = MaintenanceCodec.encodeAnswer(header, hash: number)
                #expect(try MaintenanceCodec.decodeHashAnswer(bytes) == (header, number))
                #expect(try Etcdserverpb__HashResponse.repack(bytes) == bytes)

                let hash = StoreHash(
                    revision: header.revision,
                    hash: number,
                    compactRevision: numbers.revision(),
                    hashRevision: numbers.revision()
                )
                bytes = MaintenanceCodec.encodeAnswer(header, hash)
                #expect(try MaintenanceCodec.decodeHashKVAnswer(bytes) == (header, hash))
                #expect(try Etcdserverpb__HashKVResponse.repack(bytes) == bytes)
            }
        }
    }

    @Test func anyRequestComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers throws in
            for _ in 0..<200 {
                let request = numbers.alarmRequest()
                var bytes = MaintenanceCodec.encodeRequest(request)
                #expect(try MaintenanceCodec.decodeAlarmRequest(bytes) == request)
                #expect(try Etcdserverpb__AlarmRequest.repack(bytes) == bytes)

                let revision = numbers.revision()
                bytes = MaintenanceCodec.encodeHashKVRequest(at: revision)
                #expect(try MaintenanceCodec.decodeHashKVRequest(bytes) == revision)
                #expect(try Etcdserverpb__HashKVRequest.repack(bytes) == bytes)
            }
        }
    }

    @Test func anEmptyAlarmRequestAsksForAllAlarms() throws {
        #expect(try MaintenanceCodec.decodeAlarmRequest([]) == AlarmRequest(.get))
    }

    @Test(arguments: [[0x08], [0x0B], [0x0A, 9, 1], [0xFF, 0xFF]] as [[UInt8]])
    func bytesThatAreNoMessageAreRefused(garbage: [UInt8]) {
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeStatusRequest(garbage) }
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeAlarmRequest(garbage) }
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeHashRequest(garbage) }
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeHashKVRequest(garbage) }
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeStatusAnswer(garbage) }
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeAlarmAnswer(garbage) }
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeHashAnswer(garbage) }
        #expect(throws: WireMessageError.self) { try MaintenanceCodec.decodeHashKVAnswer(garbage) }
    }
}

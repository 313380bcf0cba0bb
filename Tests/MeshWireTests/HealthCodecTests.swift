import CProtos
import MeshWire
import Testing

@Suite struct HealthCodecTests {
    @Test(arguments: ["", "etcdserverpb.KV", "überall"]) func aRequestComesBack(service: String) throws {
        let bytes = HealthCodec.encodeRequest(service: service)
        #expect(try HealthCodec.decodeRequest(bytes) == service)
        #expect(try Grpc__Health__V1__HealthCheckRequest.repack(bytes) == bytes)
    }

    @Test(arguments: [HealthStatus.unknown, .serving, .notServing, .serviceUnknown])
    func anAnswerComesBack(status: HealthStatus) throws {
        let bytes = HealthCodec.encodeAnswer(status)
        #expect(bytes == (status == .unknown ? [] : [0x08, UInt8(status.rawValue)]))
        #expect(try HealthCodec.decodeAnswer(bytes) == status)
        #expect(try Grpc__Health__V1__HealthCheckResponse.repack(bytes) == bytes)
    }

    @Test(arguments: [[0x0A, 9], [0x0B], [0x0A, 1, 0xFF, 0x0A], [0xFF, 0xFF]] as [[UInt8]])
    func bytesThatAreNoMessageAreRefused(garbage: [UInt8]) {
        #expect(throws: WireMessageError.self) { try HealthCodec.decodeRequest(garbage) }
    }

    @Test func unknownFieldsOfAnAnswerArePassedOver() throws {
        #expect(try HealthCodec.decodeAnswer([0x12, 1, 0x61, 0x08, 1]) == .serving)
        #expect(throws: WireMessageError.self) { try HealthCodec.decodeAnswer([0x0A, 9]) }
    }
}

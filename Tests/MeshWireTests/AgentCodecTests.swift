import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct AgentCodecTests {
    private static let full = AgentStatus(
        cluster: "athens",
        clusterID: 7,
        isInitialStateComplete: true,
        storeID: .max,
        revision: 4_711,
        peers: [
            AgentStatus.Peer(cluster: "hurup", state: "watching", isCurrent: true, revision: 12),
            AgentStatus.Peer(
                cluster: "kos", state: "disconnected", isCurrent: false, lastError: "nobody answers — nirgends"),
        ]
    )

    @Test func aStatusComesBackAsItWent() throws {
        #expect(try AgentCodec.decodeStatusAnswer(AgentCodec.encodeAnswer(Self.full)) == Self.full)
        let empty = AgentStatus(
            cluster: "", clusterID: 0, isInitialStateComplete: false, storeID: 0, revision: .none
        )
        #expect(AgentCodec.encodeAnswer(empty).isEmpty)
        #expect(try AgentCodec.decodeStatusAnswer([]) == empty)
    }

    @Test func theReferenceReadsEveryFieldOfAStatus() throws {
        let bytes = AgentCodec.encodeAnswer(Self.full)
        let unpacked = try #require(clustermesh__v1__status_response__unpack(nil, bytes.count, bytes))
        defer { clustermesh__v1__status_response__free_unpacked(unpacked, nil) }
        let message = unpacked.pointee
        #expect(String(cString: message.cluster) == "athens")
        #expect(message.cluster_id == 7)
        #expect(message.initial_state_complete == 1)
        #expect(message.store_id == .max)
        #expect(message.revision == 4_711)
        try #require(message.n_peers == 2)
        let first = try #require(message.peers[0]).pointee
        #expect(String(cString: first.cluster) == "hurup")
        #expect(String(cString: first.state) == "watching")
        #expect(first.current == 1)
        #expect(first.revision == 12)
        #expect(String(cString: first.last_error).isEmpty)
        let second = try #require(message.peers[1]).pointee
        #expect(second.current == 0)
        #expect(String(cString: second.last_error) == "nobody answers — nirgends")
        // Nothing was lost or added: the reference writes the same bytes.
        var packed = [UInt8](repeating: 0, count: clustermesh__v1__status_response__get_packed_size(unpacked))
        clustermesh__v1__status_response__pack(unpacked, &packed)
        #expect(packed == bytes)
    }

    @Test func theAnswerToADeclarationIsItsRevision() throws {
        #expect(AgentCodec.encodeReadyAnswer(300) == [0x08, 0xAC, 0x02])
        #expect(try AgentCodec.decodeReadyAnswer([0x08, 0xAC, 0x02]) == 300)
        #expect(try AgentCodec.decodeReadyAnswer([]) == .none)
    }

    @Test func fieldsOfLaterVersionsArePassedOver() throws {
        let later: [UInt8] = [0xFA, 0x01, 0x02, 0x41, 0x42, 0xF0, 0x01, 0x05]
        try AgentCodec.decodeReadyRequest(later)
        try AgentCodec.decodeStatusRequest(later)
        #expect(try AgentCodec.decodeReadyAnswer(later + [0x08, 0x05]) == 5)
        #expect(try AgentCodec.decodeStatusAnswer(later + AgentCodec.encodeAnswer(Self.full)) == Self.full)
    }

    @Test func requestsAreCheckedAgainstTheLimits() throws {
        try AgentCodec.decodeReadyRequest(AgentCodec.encodeReadyRequest())
        try AgentCodec.decodeStatusRequest(AgentCodec.encodeStatusRequest())
        let limits = MessageLimits(maximumBytes: 4)
        let tooLong = #expect(throws: WireMessageError.self) {
            try AgentCodec.decodeReadyRequest([0x0A, 0x03, 0, 0, 0], limits: limits)
        }
        #expect(tooLong?.code == .tooLarge)
        for garbage: [UInt8] in [[0xFF], [0x0A, 0x05], [0x0B]] {
            #expect(throws: WireMessageError.self) { try AgentCodec.decodeReadyRequest(garbage) }
            #expect(throws: WireMessageError.self) { try AgentCodec.decodeStatusRequest(garbage) }
            #expect(throws: WireMessageError.self) { try AgentCodec.decodeReadyAnswer(garbage) }
            #expect(throws: WireMessageError.self) { try AgentCodec.decodeStatusAnswer(garbage) }
        }
    }

    @Test func aFieldOfTheWrongTypeIsAFault() {
        #expect(throws: WireMessageError.self) { try AgentCodec.decodeStatusAnswer([0x08, 0x01]) }
        #expect(throws: WireMessageError.self) { try AgentCodec.decodeStatusAnswer([0x32, 0x02, 0x08, 0x01]) }
        #expect(throws: WireMessageError.self) { try AgentCodec.decodeReadyAnswer([0x0A, 0x00]) }
    }
}

import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct AgentCodecTests {
    /// A status in which nothing is as it is by default.
    private static let full: AgentStatus = {
        var status = AgentStatus(
            cluster: "athens", clusterID: 7, isInitialStateComplete: true, storeID: .max, revision: 4_711,
            peers: [Self.peer, AgentStatus.Peer(cluster: "kos", state: "idle", isCurrent: false)])
        status.certificateExpiry = 1_900_000_000
        status.rejectedLocalRecords = 3
        status.followed = .init(
            state: "disconnected", since: .seconds(3), endpoint: "https://etcd:2379", staleness: .seconds(4),
            lastError: "refused")
        status.peerFaults = [
            .init(file: "peers/kos", line: 3, key: "endpoints", message: "there is no value", isHarmless: true),
            .init(file: "peers/rhodes", message: "it cannot be read"),
        ]
        status.conflicts = .init(addresses: 2, podCIDRs: 1, examples: ["10.0.0.0/24: kos and hurup", ""])
        return status
    }()

    private static let peer: AgentStatus.Peer = {
        var peer = AgentStatus.Peer(
            cluster: "hurup", state: "watching", isCurrent: true, revision: 12, lastError: "nobody answers — nirgends")
        peer.id = 2
        peer.since = .milliseconds(1_500)
        peer.staleness = .zero
        peer.nextAttempt = .milliseconds(250)
        peer.failures = 5
        peer.lastFailure = .seconds(60)
        peer.connections = 6
        peer.synchronisations = 7
        peer.endpoint = "https://hurup:2379"
        peer.endpoints = [
            .init(url: "https://hurup:2379", attempts: 4, lastAttempt: .seconds(2), lastError: "refused"),
            .init(url: "https://hurup:2380"),
        ]
        peer.storeID = 99
        peer.storeRevision = 13
        peer.lag = .milliseconds(20)
        peer.heartbeatAge = .seconds(30)
        peer.kinds = [
            .init(name: "node", isFollowed: true, isSynced: true, count: 100),
            .init(name: "ip", isFollowed: true, isAwaitingCanary: true),
        ]
        peer.outdated = 8
        peer.rejections = .init(
            total: 9, current: 1, examples: [.init(key: "cilium/state/x", revision: 11, reason: "no such kind")])
        peer.budget = .init(keys: 10, maximumKeys: 100, bytes: 1_000, maximumBytes: 10_000, refusals: 2)
        peer.resyncs = [.init(cause: "compacted", count: 2)]
        peer.serviceExpirations = 4
        peer.throttled = .seconds(2)
        peer.serverCertificateExpiry = 1_900_000_001
        peer.clientCertificateExpiry = 1_900_000_002
        peer.config = .init(
            id: 2, isCached: true, hasCanaries: true, maximumClusters: 511, exportsServices: false,
            endpointSlices: "endpointslices-only")
        peer.unsupported = ["endpoint slices"]
        return peer
    }()

    @Test func aStatusComesBackAsItWent() throws {
        #expect(try AgentCodec.decodeStatusAnswer(AgentCodec.encodeAnswer(Self.full)) == Self.full)
        let empty = AgentStatus(
            cluster: "", clusterID: 0, isInitialStateComplete: false, storeID: 0, revision: .none
        )
        #expect(AgentCodec.encodeAnswer(empty).isEmpty)
        #expect(try AgentCodec.decodeStatusAnswer([]) == empty)
    }

    @Test(arguments: [nil, false, true]) func whatAConfigDoesNotSayStaysUnsaid(exports: Bool?) throws {
        var status = Self.full
        status.peers[0].config?.exportsServices = exports
        #expect(try AgentCodec.decodeStatusAnswer(AgentCodec.encodeAnswer(status)) == status)
    }

    @Test func timesAreCutToMillisecondsAndWhatHasNoRoomToTheNearest() throws {
        var status = Self.full
        status.peers[0].since = .microseconds(1_999)
        status.peers[0].lag = .seconds(Int64.max)
        status.peers[0].throttled = .seconds(Int64.min)
        let read = try AgentCodec.decodeStatusAnswer(AgentCodec.encodeAnswer(status)).peers[0]
        #expect(read.since == .milliseconds(1))
        #expect(read.lag == .milliseconds(Int64.max))
        #expect(read.throttled == .milliseconds(Int64.min))
    }

    @Test func aMessageThatComesTwiceIsMerged() throws {
        // Peer faults repeat, the followed etcd and the conflicts do not: field 9, then field 9 again.
        let once: [UInt8] = [0x4A, 0x03, 0x0A, 0x01, 0x61]
        let again: [UInt8] = [0x4A, 0x03, 0x1A, 0x01, 0x62]
        let followed = try AgentCodec.decodeStatusAnswer(once + again).followed
        #expect(followed?.state == "a")
        #expect(followed?.endpoint == "b")
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
        #expect(message.certificate_expires == 1_900_000_000)
        #expect(message.rejected_local_records == 3)
        #expect(message.followed.pointee.staleness.pointee.milliseconds == 4_000)
        try #require(message.n_peer_faults == 2)
        #expect(try #require(message.peer_faults[0]).pointee.line == 3)
        #expect(message.conflicts.pointee.n_examples == 2)
        try #require(message.n_peers == 2)
        let first = try #require(message.peers[0]).pointee
        #expect(String(cString: first.cluster) == "hurup")
        #expect(String(cString: first.state) == "watching")
        #expect(first.current == 1)
        #expect(first.revision == 12)
        #expect(String(cString: first.last_error) == "nobody answers — nirgends")
        #expect(first.since_ms == 1_500)
        #expect(first.next_attempt.pointee.milliseconds == 250)
        // Zero is not missing: what is held is current.
        #expect(first.staleness != nil)
        #expect(first.n_endpoints == 2)
        #expect(try #require(first.kinds[0]).pointee.count == 100)
        #expect(try #require(first.rejections.pointee.examples[0]).pointee.revision == 11)
        #expect(first.budget.pointee.maximum_bytes == 10_000)
        #expect(first.config.pointee.service_exports == CLUSTERMESH__V1__ANSWER__NO)
        let second = try #require(message.peers[1]).pointee
        #expect(second.current == 0)
        #expect(second.staleness == nil)
        #expect(second.config == nil)
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

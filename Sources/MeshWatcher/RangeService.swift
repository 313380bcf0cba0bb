internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import MeshWire

/// Answers KV.Range, and for KV.RangeStream what is to be sent in parts.
struct RangeService: Sendable {
    let reader: StoreReader
    let access: PeerAdmission
    let limits: WatcherLimits

    /// Up to this size an answer is put together in one block: core takes one block faster than hundreds of pieces, and
    /// so much memory is nothing. A larger one refers to the stored pairs.
    static let largestCopiedAnswer = 1 << 20

    /// The largest request that is answered on the thread that received it: 4 KiB, so that a message of nothing but
    /// fields does not keep that thread for long.
    static let largestImmediateRequest = 4_096

    /// The answer to a request of `peer`, checked in etcd's order: the message, its key and sort order, the peer's
    /// permission, the revision. A linearizable read waits until the store is as fresh as that.
    func answer(_ bytes: [UInt8], to peer: PeerIdentity) async throws(EtcdError) -> RPCPayload {
        let (header, answer) = try await read(try decode(bytes), for: peer)
        return Self.payload(header, answer)
    }

    /// The answer to a request of `peer` if it can be given without waiting and in little time: what it asks for is small
    /// (`RangeRequest.isSmall`), and the store is as fresh as it asks. `nil` if not. It is checked as ``answer(_:to:)`` does.
    func immediateAnswer(_ bytes: [UInt8], to peer: PeerIdentity) throws(EtcdError) -> RPCPayload? {
        guard bytes.count <= Self.largestImmediateRequest else { return nil }
        let request = try decode(bytes)
        guard request.isSmall, request.serializable || reader.isAlwaysFresh else { return nil }
        try admit(peer, to: request.range)
        let (header, answer) = try reader.answer(request)
        return Self.payload(header, answer)
    }

    private static func payload(_ header: ResponseHeader, _ answer: RangeAnswer) -> RPCPayload {
        let size = RangeCodec.encodedAnswerSize(header, answer)
        guard size > largestCopiedAnswer else { return RPCPayload(RangeCodec.encodeAnswer(header, answer)) }
        var payload = RPCPayload()
        payload.append(count: size) { sink in RangeCodec.encodeAnswer(header, answer, into: &sink) }
        return payload
    }

    /// The answer to a request that wants it in parts. As in etcd, there is one only in the order of keys and without
    /// filters by revision, for which all of it would have to be read first.
    func streamedAnswer(
        _ bytes: [UInt8],
        to peer: PeerIdentity
    ) async throws(EtcdError) -> (header: ResponseHeader, answer: RangeAnswer) {
        let request = try decode(bytes)
        guard request.sortOrder == .none || (request.sortOrder == .ascending && request.sortTarget == .key) else {
            throw EtcdError(.unimplemented, "etcdserver: RangeStream is in the order of keys only; use Range")
        }
        let bounds = [
            request.minimumModRevision, request.maximumModRevision, request.minimumCreateRevision,
            request.maximumCreateRevision,
        ]
        guard bounds.allSatisfy({ $0 == .none }) else {
            throw EtcdError(.unimplemented, "etcdserver: RangeStream has no filters by revision; use Range")
        }
        return try await read(request, for: peer)
    }

    private func decode(_ bytes: [UInt8]) throws(EtcdError) -> RangeRequest {
        let request = try asEtcdError { () throws(WireMessageError) in
            try RangeCodec.decodeRequest(bytes, limits: limits.messages)
        }
        guard !request.range.lower.isEmpty else { throw .emptyKey }
        return request
    }

    private func read(
        _ request: RangeRequest,
        for peer: PeerIdentity
    ) async throws(EtcdError) -> (header: ResponseHeader, answer: RangeAnswer) {
        try admit(peer, to: request.range)
        if !request.serializable, !reader.isAlwaysFresh {
            try await reader.whenFresh()
            // The wait may have been long, and roles may have changed meanwhile.
            try admit(peer, to: request.range)
        }
        return try reader.answer(request)
    }

    private func admit(_ peer: PeerIdentity, to range: KeyRange) throws(EtcdError) {
        guard access.readableKeys(for: peer).contains(range) else { throw .permissionDenied }
    }
}

extension ResponseHeader {
    /// The header of an answer out of a store; without a consensus the term never changes.
    init(of identity: StoreIdentity, at revision: Revision, raftTerm: UInt64 = 1) {
        self.init(clusterID: identity.clusterID, memberID: identity.memberID, revision: revision, raftTerm: raftTerm)
    }
}

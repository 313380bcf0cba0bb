internal import MeshCore
internal import MeshRPC
internal import MeshStore
internal import MeshWire

/// Answers KV.Range.
struct RangeService: Sendable {
    let reader: StoreReader
    let access: PeerAdmission
    let limits: WatcherLimits

    /// The answer to a request of `peer`, checked in etcd's order: the message, its key and sort order, the peer's
    /// permission, the revision.
    func answer(_ bytes: [UInt8], to peer: PeerIdentity) throws(EtcdError) -> RPCPayload {
        let request = try asEtcdError { () throws(WireMessageError) in
            try RangeCodec.decodeRequest(bytes, limits: limits.messages)
        }
        guard !request.range.lower.isEmpty else { throw .emptyKey }
        guard access.readableKeys(for: peer).contains(request.range) else { throw .permissionDenied }
        let (header, answer) = try reader.answer(request)
        return RPCPayload(RangeCodec.encodeAnswer(header, answer))
    }
}

extension ResponseHeader {
    /// The header of an answer out of a store; without a consensus the term never changes.
    init(of identity: StoreIdentity, at revision: Revision, raftTerm: UInt64 = 1) {
        self.init(clusterID: identity.clusterID, memberID: identity.memberID, revision: revision, raftTerm: raftTerm)
    }
}

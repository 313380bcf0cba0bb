internal import MeshCore
internal import MeshStore
internal import MeshWire

/// Answers what can be asked about leases without changing one.
struct LeaseReadService: Sendable {
    let reader: StoreReader
    let access: PeerAdmission
    let limits: WatcherLimits

    /// Lease.LeaseTimeToLive. Who asks for the keys of a lease must be allowed to read each of them, as in etcd since
    /// 3.4.31 and 3.5.13.
    func timeToLive(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try LeaseCodec.decodeTimeToLiveRequest(bytes, limits: limits.messages)
        }
        try access.requireRole(of: peer)
        let answer = try reader.timeToLive(of: request.id, keys: request.keys)
        let readable = access.readableKeys(for: peer)
        guard answer.keys.allSatisfy(readable.contains) else { throw .permissionDenied }
        return LeaseCodec.encodeAnswer(reader.header(at: answer.revision), answer)
    }

    /// Lease.LeaseLeases. The numbers of leases are no secret to who has a role, as in etcd.
    func list(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        try asEtcdError { () throws(WireMessageError) in
            try LeaseCodec.decodeListRequest(bytes, limits: limits.messages)
        }
        try access.requireRole(of: peer)
        let answer = try reader.leases()
        return LeaseCodec.encodeAnswer(reader.header(at: answer.revision), answer)
    }
}

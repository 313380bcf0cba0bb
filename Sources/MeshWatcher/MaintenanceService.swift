internal import MeshCore
internal import MeshStore
internal import MeshWire

/// Answers Maintenance.Status, Hash and HashKV.
struct MaintenanceService: Sendable {
    /// The version of etcd that a server says it is: one that clients take for able to answer progress requests and to
    /// refuse negative start revisions, as ours is.
    static let version = "3.5.21"

    let reader: StoreReader
    let access: PeerAdmission
    let limits: WatcherLimits

    /// Maintenance.Status. The server leads its cluster of one. There is no log of a consensus: its indices are the
    /// store's revision, and the size of the database is that of all pairs, those of history included.
    func status(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        try asEtcdError { () throws(WireMessageError) in
            try MaintenanceCodec.decodeStatusRequest(bytes, limits: limits.messages)
        }
        try access.requireRole(of: peer)
        let header = reader.header
        let size = Int64(reader.storedBytes)
        let index = UInt64(max(header.revision, .none).rawValue)
        return MaintenanceCodec.encodeAnswer(
            header,
            MemberStatus(
                version: Self.version,
                databaseSize: size,
                databaseSizeInUse: size,
                leader: header.memberID,
                raftIndex: index,
                raftTerm: header.raftTerm,
                raftAppliedIndex: index,
                errors: reader.isStale ? ["the followed etcd can't be reached; what is served may be old"] : []
            )
        )
    }

    /// Maintenance.Hash: the hash of the pairs as they are now. For who may read all of them, as it tells about all.
    func hash(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        try asEtcdError { () throws(WireMessageError) in
            try MaintenanceCodec.decodeHashRequest(bytes, limits: limits.messages)
        }
        try access.requireWholeStore(for: peer)
        let hash = try reader.hash()
        return MaintenanceCodec.encodeAnswer(reader.header(at: hash.revision), hash: hash.hash)
    }

    /// Maintenance.HashKV: the hash of the pairs at a revision. For who may read all of them.
    func hashKV(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        let revision = try asEtcdError { () throws(WireMessageError) in
            try MaintenanceCodec.decodeHashKVRequest(bytes, limits: limits.messages)
        }
        try access.requireWholeStore(for: peer)
        let hash = try reader.hash(at: revision)
        return MaintenanceCodec.encodeAnswer(reader.header(at: hash.revision), hash)
    }
}

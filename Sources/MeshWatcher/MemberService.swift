internal import MeshCore
internal import MeshStore
internal import MeshWire

/// Answers what clients ask about the server itself: the members of its cluster, its alarms, whether it has users.
struct MemberService: Sendable {
    let reader: StoreReader
    let member: ServedMember
    let access: PeerAdmission
    let limits: WatcherLimits
    let refusal: EtcdError

    /// Cluster.MemberList. As in etcd, its header does not say a revision.
    func members(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        _ = try asEtcdError { () throws(WireMessageError) in
            try ClusterCodec.decodeMemberListRequest(bytes, limits: limits.messages)
        }
        try access.requireRole(of: peer)
        let header = reader.header(at: .none)
        return ClusterCodec.encodeAnswer(header, [member.description(id: header.memberID)])
    }

    /// Maintenance.Alarm: there are none to tell, and none can be raised or ended here. Anybody may ask: `etcdctl
    /// endpoint health` does so since 3.5, and takes a refusal for a fault of the server.
    func alarms(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        let request = try asEtcdError { () throws(WireMessageError) in
            try MaintenanceCodec.decodeAlarmRequest(bytes, limits: limits.messages)
        }
        guard request.action == .get else { throw refusal }
        return MaintenanceCodec.encodeAnswer(reader.header, [Alarm]())
    }

    /// Auth.AuthStatus: certificates say who somebody is, there are no users. As in etcd, anybody may ask.
    func authStatus(_ bytes: [UInt8], for peer: PeerIdentity) throws(EtcdError) -> [UInt8] {
        try asEtcdError { () throws(WireMessageError) in
            try AuthCodec.decodeStatusRequest(bytes, limits: limits.messages)
        }
        return AuthCodec.encodeAnswer(reader.header, AuthStatus())
    }
}

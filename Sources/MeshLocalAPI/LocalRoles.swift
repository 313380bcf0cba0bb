internal import MeshCore
internal import MeshWatcher

/// Who may do what on a local listener, as it is now.
struct LocalRoles: Sendable {
    let cluster: ClusterName
    let writing: WritePolicy
    let reading: AccessPolicy

    init(_ configuration: LocalServerConfiguration) {
        cluster = configuration.cluster
        writing = configuration.writing
        reading = configuration.access
    }

    /// What the holder of a certificate may write.
    func admission(of peer: PeerIdentity) -> WriteAdmission {
        WriteAdmission(
            cluster: cluster,
            isWriter: writing.allows(peer),
            writable: writing.writable,
            readable: reading.readableKeys(for: peer)
        )
    }
}

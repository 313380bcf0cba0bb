internal import MeshCore
internal import MeshWatcher

/// Who may do what on a local listener, as it is now: what is asked of it counts from the next question on.
final class LocalRoles: Sendable {
    private struct Policies: Sendable {
        var writing: WritePolicy
        var reading: AccessPolicy
    }

    private let cluster: ClusterName
    private let policies: Locked<Policies>

    init(cluster: ClusterName, writing: WritePolicy, reading: AccessPolicy) {
        self.cluster = cluster
        policies = Locked(Policies(writing: writing, reading: reading))
    }

    /// Replaces both policies at once.
    func replace(writing: WritePolicy, reading: AccessPolicy) {
        policies.withLock { $0 = Policies(writing: writing, reading: reading) }
    }

    /// What the holder of a certificate may write.
    func admission(of peer: PeerIdentity) -> WriteAdmission {
        let current = policies.withLock { $0 }
        return WriteAdmission(
            cluster: cluster,
            isWriter: current.writing.allows(peer),
            writable: current.writing.writable,
            readable: current.reading.readableKeys(for: peer)
        )
    }
}

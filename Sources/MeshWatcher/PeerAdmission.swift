package import MeshCore

/// What peers may do at a server, as of now: its policy can be replaced while the server runs.
///
/// Whoever decides about a peer asks anew each time, so that a replaced policy counts from the next request on; for the
/// watches that run, ``WatchHub/accessChanged(_:)`` is to be called after it.
package final class PeerAdmission: Sendable {
    private let policy: Locked<AccessPolicy>

    /// Begins with a policy.
    package init(_ policy: AccessPolicy) {
        self.policy = Locked(policy)
    }

    /// Replaces the policy as a whole.
    package func replace(with policy: AccessPolicy) {
        self.policy.withLock { $0 = policy }
    }

    /// The keys that the holder of a certificate with this identity may read now.
    package func readableKeys(for peer: PeerIdentity) -> KeyRangeSet {
        policy.withLock { $0 }.readableKeys(for: peer)
    }

    /// Refuses a peer without a role: it may not even learn about the server.
    func requireRole(of peer: PeerIdentity) throws(EtcdError) {
        if readableKeys(for: peer).isEmpty { throw .permissionDenied }
    }

    /// Refuses a peer that may not read every key there is.
    func requireWholeStore(for peer: PeerIdentity) throws(EtcdError) {
        if !readableKeys(for: peer).contains(.all) { throw .permissionDenied }
    }
}

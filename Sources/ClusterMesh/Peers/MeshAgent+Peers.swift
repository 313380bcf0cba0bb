public import MeshCore
public import MeshMirror

// The clusters that an agent mirrors: they come, change and go while it runs.
extension MeshAgent {
    /// The configured peers, by name, whether they come from code or from files. One that is being removed is none.
    public var peers: [ClusterName] { peerSet.mirrors.map(\.cluster) }

    /// The mirror of a peer; `nil` if no such peer is configured now.
    ///
    /// A peer that is removed and configured again gets a new one.
    public func mirror(of peer: ClusterName) -> RemoteClusterMirror? { peerSet.mirror(of: peer) }

    /// Replaces the peers that the embedder gave before, in the configuration or here; those of
    /// ``MeshConfiguration/peersDirectory`` stay. It may be called before, while and after the agent runs.
    ///
    /// - A new peer is mirrored from now on.
    /// - One that is missing is removed: its connection ends, and all that it said leaves the views. If it is set again
    ///   before that is over, it is mirrored anew afterwards.
    /// - One with other endpoints is reconnected; what is held of it is kept. One with other credentials shows them from
    ///   the next connection on. One with another number, or with a number where it had none, is removed and mirrored
    ///   anew.
    /// - One that is as it was is not touched.
    ///
    /// - Throws: ``MeshConfigurationError`` that names the peer, if two have one name or number, one has the own cluster's
    ///   or no endpoint, or there are too many; nothing has changed then.
    public func setPeers(_ peers: [PeerConfiguration]) throws(MeshConfigurationError) {
        try peerSet.setPeers(peers)
    }

    /// Reads the files of ``MeshConfiguration/peersDirectory`` at once, instead of within a second or two.
    public func reloadPeers() { peersFollower?.reload() }

    /// Waits until every configured peer is followed and current. A peer that is removed meanwhile is no longer waited
    /// for, one that is added is. A file that could not be taken over makes no peer: see ``MeshStatus/peerFaults``.
    ///
    /// - Throws: ``SynchronizationTimeout`` that names the peers that are not, `CancellationError` when cancelled.
    public func waitUntilSynchronized(timeout: Duration) async throws {
        let deadline = ContinuousClock.now + timeout
        // Rarely after a while: whoever waits for a big mesh takes no time from its mirrors.
        var pause = Duration.milliseconds(2)
        while !peerSet.mirrors.allSatisfy({ $0.snapshot().isCurrent }) {
            guard ContinuousClock.now < deadline else {
                let missing = peerSet.mirrors.map(\.status).filter { !$0.state.isCurrent }.map { peer in
                    "\(peer.cluster) is \(peer.state.rawValue)" + (peer.lastError.map { " (\($0))" } ?? "")
                }
                throw SynchronizationTimeout(timeout: timeout, missing: missing)
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
    }
}

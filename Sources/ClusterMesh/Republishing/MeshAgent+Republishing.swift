// What the agent shows to the cluster's own agents of the peers that it mirrors.
extension MeshAgent {
    /// The port at which the cluster's own agents read what is mirrored; `nil` where nothing is republished
    /// (``MeshConfiguration/republishing``).
    public var republishingPort: Int? { republisher?.server.port }

    /// What the cluster's own agents find there; `nil` where nothing is republished. O(peers), never waits.
    public var republishingStatus: RepublishingStatus? { republisher?.status }
}

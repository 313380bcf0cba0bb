internal import MeshCore
internal import MeshMirror
internal import MeshReplica
internal import MeshStore
internal import MeshWatcher

/// Everything that an agent's status is read from, without the agent: so that whoever asks on the local listener, which is
/// made while the agent is, can be answered.
struct StatusSource: Sendable {
    let configuration: MeshConfiguration
    let port: Int
    let reader: StoreReader
    let initialState: InitialState
    let peerSet: PeerSet
    let views: MergedViews
    let replica: EtcdReplica?
    /// The pairs of the own store that were no valid records.
    let rejectedLocalRecords = Locked(0)
    /// What the endpoints show, which may be exchanged.
    let credentials: Locked<TLSCredentials>
    private let expiries = CertificateExpiries()

    init(
        _ configuration: MeshConfiguration, port: Int, reader: StoreReader, _ initialState: InitialState,
        _ peerSet: PeerSet, _ views: MergedViews, _ replica: EtcdReplica?
    ) {
        self.configuration = configuration
        self.port = port
        self.reader = reader
        self.initialState = initialState
        self.peerSet = peerSet
        self.views = views
        self.replica = replica
        credentials = Locked(configuration.credentials)
    }

    /// How everything is now. O(peers), never waits for one.
    func status() -> MeshStatus {
        let peers = peerSet.status
        let own = credentials.withLock { $0 }
        // Read together, so that nobody else's certificates are kept.
        let ends = expiries.read([own.certificateChain] + peers.map(\.certificate))
        var status = MeshStatus(
            name: configuration.name,
            id: configuration.id,
            port: port,
            storeID: reader.identity.clusterID,
            revision: reader.revision,
            isInitialStateComplete: initialState.isComplete,
            rejectedLocalRecords: rejectedLocalRecords.withLock { $0 },
            peers: peers.map(\.status),
            peerFaults: peerSet.faults,
            conflicts: MeshConflicts(views),
            certificateExpiry: ends[own.certificateChain],
            followed: replica?.status
        )
        for peer in peers { status.clientCertificateExpiries[peer.status.cluster] = ends[peer.certificate] }
        return status
    }
}

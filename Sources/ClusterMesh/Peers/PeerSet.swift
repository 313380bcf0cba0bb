internal import Logging
internal import MeshCore
internal import MeshMirror

/// An agent's peers: makes their mirrors, runs them, and keeps them to what is configured.
///
/// What is configured may change at any time, from any task; what follows is decided by ``PeerSetStateMachine`` and done
/// outside the lock, in that order.
final class PeerSet: Sendable {
    /// Makes a mirror with what it judges the peer by and gets its number from; called outside all locks.
    typealias MakeMirror =
        @Sendable (PeerConfiguration, PeerVerifier, ClusterIDReservation) throws -> RemoteClusterMirror

    private struct State: ~Copyable {
        var machine = PeerSetStateMachine<PeerMirror>()
        var sources = PeerSources()
        /// Grows with every change of the sources.
        var version = 0
        /// What is wrong with the directory of peers.
        var directoryFaults: [PeerFault] = []
        /// What of the sources is not taken.
        var sourceFaults: [PeerFault] = []
        /// What is decided and not done; at most one for each peer and change.
        var actions: [PeerAction<PeerMirror>] = []
        var isPerforming = false
    }

    private let name: ClusterName
    private let id: ClusterID
    private let views: MergedViews
    private let makeMirror: MakeMirror
    private let idTable: Locked<ClusterIDTable>
    private let revoked: Locked<RevokedCertificates>
    private let verifier: PeerVerifier
    private let logger: Logger
    private let state = Locked(State())
    /// Mirrors to run; each is in it once at most.
    private let starts: AsyncStream<Start>
    private let start: AsyncStream<Start>.Continuation

    private struct Start: Sendable {
        var name: ClusterName
        var mirror: PeerMirror
    }

    /// The peers of the cluster `name`, none yet.
    init(
        of name: ClusterName, _ id: ClusterID, feeding views: MergedViews, logger: Logger,
        makeMirror: @escaping MakeMirror
    ) {
        self.name = name
        self.id = id
        self.views = views
        self.makeMirror = makeMirror
        self.logger = logger
        idTable = Locked(ClusterIDTable(name, id))
        let revoked = Locked(RevokedCertificates())
        self.revoked = revoked
        verifier = PeerVerifier.mesh().refusing { revoked.withLock { $0 } }
        (starts, start) = AsyncStream.makeStream()
    }

    // MARK: Reading

    /// The configured peers' mirrors, by name.
    var mirrors: [RemoteClusterMirror] {
        state.withLock { state in state.machine.configured.map(\.mirror.mirror) }
    }

    /// The mirror of a configured peer.
    func mirror(of peer: ClusterName) -> RemoteClusterMirror? {
        state.withLock { state in state.machine[peer]?.mirror.mirror }
    }

    /// How the configured peers' mirrors are doing, by name, each with the certificate that is shown to the peer.
    var status: [(status: MirrorStatus, certificate: String)] {
        let peers = state.withLock { state in state.machine.configured }
        return peers.map { ($0.mirror.mirror.status, $0.configuration.credentials.certificateChain) }
    }

    /// What is wrong with the files of peers, if there are any.
    var faults: [PeerFault] {
        state.withLock { state in state.directoryFaults + state.sourceFaults }
    }

    // MARK: Configuration

    /// Takes the embedder's peers in the place of those that it gave before.
    ///
    /// - Throws: ``MeshConfigurationError`` if they cannot be; nothing has changed then.
    func setPeers(_ peers: [PeerConfiguration]) throws(MeshConfigurationError) {
        try PeerConfiguration.check(peers, of: name, id)
        try configure { $0.code = peers }
        idTable.withLock { $0.configure(peers) }
    }

    /// Takes the peers of files in the place of those that were there before, with what is wrong with the files. Those
    /// that cannot be are told of in ``faults``.
    func setFiles(_ peers: [FilePeer], faults: [PeerFault]) {
        state.withLock { $0.directoryFaults = faults }
        do {
            try configure { $0.files = peers }
        } catch {
            // Only the embedder's own peers can fail as a whole, and those had been taken.
            logger.error("the peers' files are not taken over: \(error)")
        }
    }

    private func configure(_ change: (inout PeerSources) -> Void) throws(MeshConfigurationError) {
        while true {
            let (version, sources) = state.withLock { ($0.version, $0.sources) }
            var changed = sources
            change(&changed)
            var (peers, faults) = changed.merged()
            let made = try makeMirrors(for: &peers, changed, &faults)
            let isDone = state.withLock { state in
                // Somebody else was faster: what is needed may be something else now.
                guard state.version == version else { return false }
                state.version += 1
                state.sources = changed
                state.sourceFaults = faults
                state.actions += state.machine.configure(peers, made: made)
                return true
            }
            if isDone { return perform() }
        }
    }

    /// Makes the mirrors that are missing, and drops those peers of files that cannot have one.
    private func makeMirrors(
        for peers: inout [PeerConfiguration], _ sources: PeerSources, _ faults: inout [PeerFault]
    ) throws(MeshConfigurationError) -> [ClusterName: PeerMirror] {
        var made: [ClusterName: PeerMirror] = [:]
        for peer in peers where state.withLock({ $0.machine.needsMirror(for: peer) }) {
            do {
                made[peer.name] = PeerMirror(try makeMirror(peer, verifier, reservation(for: peer.name)))
            } catch {
                guard !sources.code.contains(peer),
                    let file = sources.files.first(where: { $0.configuration == peer })
                else {
                    throw MeshConfigurationError("cluster '\(name)': \(error)", cause: error)
                }
                peers.removeAll { $0.name == peer.name }
                faults.append(PeerFault("\(error)", file: file.file))
            }
        }
        return made
    }

    private func reservation(for peer: ClusterName) -> ClusterIDReservation {
        ClusterIDReservation(
            reserve: { [idTable] id throws(ClusterIDConflict) in
                if let reason = idTable.withLock({ $0.reserve(id, for: peer) }) {
                    throw ClusterIDConflict(message: reason)
                }
            },
            release: { [idTable] in idTable.withLock { $0.release(peer) } }
        )
    }

    /// Refuses peers that show these certificates, and no others; open connections to such peers end.
    func setRevoked(_ revoked: RevokedCertificates) {
        let isNew = self.revoked.withLock { present in
            defer { present = revoked }
            return present != revoked
        }
        // The verifier is the same, but what it says may not be.
        if isNew { for mirror in mirrors { mirror.replaceVerifier(verifier) } }
    }

    // MARK: Running

    /// Runs the peers' mirrors, whoever they are, until the task is cancelled. No mirror can end it.
    func run() async {
        decide { $0.began() }
        await withDiscardingTaskGroup { group in
            for await start in starts {
                group.addTask {
                    await start.mirror.run(feeding: self.views, logger: self.logger)
                    self.ended(start)
                }
            }
        }
        decide { machine in
            machine.ended()
            return []
        }
    }

    private func ended(_ mirror: Start) {
        if mirror.mirror.mirror.status.state == .gone {
            logger.info("peer '\(mirror.name)' was removed and has left the views")
        }
        decide { machine in machine.mirrorEnded(mirror.name).map { [$0] } ?? [] }
    }

    private func decide(_ event: @Sendable (inout PeerSetStateMachine<PeerMirror>) -> [PeerAction<PeerMirror>]) {
        state.withLock { $0.actions += event(&$0.machine) }
        perform()
    }

    /// Does what is decided, in order: whoever comes while another does it leaves it to that one.
    private func perform() {
        while true {
            let actions = state.withLock { state -> [PeerAction<PeerMirror>] in
                guard !state.isPerforming, !state.actions.isEmpty else { return [] }
                state.isPerforming = true
                defer { state.actions = [] }
                return state.actions
            }
            if actions.isEmpty { return }
            for action in actions { perform(action) }
            state.withLock { $0.isPerforming = false }
        }
    }

    private func perform(_ action: PeerAction<PeerMirror>) {
        switch action {
        case .start(let name, let mirror):
            start.yield(Start(name: name, mirror: mirror))
        case .change(let mirror, from: let former, to: let peer):
            change(mirror.mirror, former, peer)
        case .drain(let name, let mirror):
            logger.info("peer '\(name)' is removed")
            mirror.withdraw()
        }
    }

    private func change(_ mirror: RemoteClusterMirror, _ former: PeerConfiguration, _ peer: PeerConfiguration) {
        if peer.credentials != former.credentials {
            mirror.replaceCredentials(peer.credentials)
            logger.info("peer '\(peer.name)' is shown another certificate from the next connection on")
        }
        if peer.endpoints != former.endpoints {
            mirror.replaceEndpoints(peer.endpoints)
            let endpoints = peer.endpoints.map(\.description).joined(separator: ", ")
            logger.info("peer '\(peer.name)' has other endpoints", metadata: ["endpoints": "\(endpoints)"])
        }
    }
}

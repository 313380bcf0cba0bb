internal import Logging
internal import MeshCore

/// Keeps an agent's peers to what the files of a directory say.
///
/// The files are looked at once a second (``FileObserver``), certificates and keys among them, wherever they are; a file
/// of credentials that cannot be used is tried again every ``retryPeriod`` as well, since time alone may make it valid.
struct PeersFollower: Sendable {
    /// How often credentials that cannot be used are tried again (as often as Cilium).
    static let retryPeriod = Duration.seconds(5)

    private enum Group: Hashable { case peers }

    private let directory: PeersDirectory
    private let first: PeersDirectory.Reading
    private let observer: FileObserver<Group>
    private let peers: PeerSet
    private let logger: Logger

    /// Reads the directory for the first time, and configures `peers` with what it says.
    init(_ path: String, of cluster: ClusterName, configuring peers: PeerSet, logger: Logger) {
        var directory = PeersDirectory(path, of: cluster)
        // Looked at before it is read, so that no change falls between the two.
        observer = FileObserver([.peers: [.directory(path, suffix: "")]])
        first = directory.read()
        self.directory = directory
        self.peers = peers
        self.logger = logger
        peers.setFiles(first.peers, faults: first.faults)
        report(peers.faults)
    }

    /// Reads the directory again at once, whether it seems to have changed or not.
    func reload() { observer.reportAll() }

    /// Follows the files until the task is cancelled.
    func run() async {
        var directory = directory
        var said = Set(peers.faults)
        let lacksCredentials = Locked(first.lacksCredentials)
        observe(first)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { [observer] in
                while (try? await Task.sleep(for: Self.retryPeriod)) != nil {
                    if lacksCredentials.withLock({ $0 }) { observer.reportAll() }
                }
            }
            await observer.run { _ in
                let reading = directory.read()
                lacksCredentials.withLock { $0 = reading.lacksCredentials }
                observe(reading)
                peers.setFiles(reading.peers, faults: reading.faults)
                let faults = peers.faults
                report(faults.filter { !said.contains($0) })
                said = Set(faults)
            }
            tasks.cancelAll()
        }
    }

    private func observe(_ reading: PeersDirectory.Reading) {
        observer.look(
            at: [.directory(directory.path, suffix: "")] + reading.credentialFiles.sorted().map { .file($0) },
            for: .peers)
    }

    private func report(_ faults: [PeerFault]) {
        for fault in faults {
            switch fault.effect {
            case .notTaken, .formerKept: logger.warning("\(fault)")
            case .ignored: logger.info("\(fault)")
            }
        }
    }
}

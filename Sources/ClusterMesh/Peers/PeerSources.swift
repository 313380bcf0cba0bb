internal import MeshCore

/// A peer that a file describes.
struct FilePeer: Hashable, Sendable {
    var configuration: PeerConfiguration
    /// The file.
    var file: String
}

/// Where peers come from: the embedder's code, and files. What both name is the code's.
struct PeerSources: Sendable {
    var code: [PeerConfiguration] = []
    var files: [FilePeer] = []

    /// The peers of both, and the files that say nothing because of the others.
    func merged() -> (peers: [PeerConfiguration], faults: [PeerFault]) {
        var peers = code
        var faults: [PeerFault] = []
        let names = Set(code.map(\.name))
        for peer in files {
            let name = peer.configuration.name
            if names.contains(name) {
                faults.append(
                    PeerFault(
                        "the agent's own configuration has a peer '\(name)' already", file: peer.file, effect: .ignored)
                )
            } else if peers.count == MeshConfiguration.maximumPeers {
                faults.append(
                    PeerFault(
                        "there are \(peers.count) other peers already, the most that are possible", file: peer.file)
                )
            } else {
                peers.append(peer.configuration)
            }
        }
        return (peers, faults)
    }
}

internal import BenchmarkTargets
internal import MeshCore
internal import MeshTLS

/// A peer of each kind of bad behaviour, each in a process of its own, with certificates of their own authority.
struct BadPeerProcesses: Sendable {
    /// One of them.
    struct Peer: Sendable {
        var behaviour: BadPeer.Behaviour
        var id: Int
        var port: Int
        var process: ServerProcess

        /// The name of its cluster.
        var name: String { behaviour.rawValue }
    }

    /// All of them.
    let peers: [Peer]

    /// What their mirrors show, and trust.
    let client: TLSCredentials

    private let directory: WorkDirectory

    private struct Listening: Decodable {
        var port: Int
    }

    /// Starts them.
    static func start() async throws -> BadPeerProcesses {
        let directory = try WorkDirectory()
        let authority = try CertificateAuthority.create(commonName: "bad peers")
        let roots = authority.certificatePEM
        var peers: [Peer] = []
        for (place, behaviour) in BadPeer.Behaviour.allCases.enumerated() {
            let (name, id) = (behaviour.rawValue, 20 + place)
            let server = try authority.issueServer(cluster: ClusterName(name)).credentials(trusting: roots)
            let process = try await ServerProcess.start(
                name, "\(try ServerStarter.ownPrograms)/bad-peer",
                [
                    "--behaviour", name, "--cluster", name, "--id", "\(id)",
                    "--roots", try directory.write(server.trustedRoots, to: "\(name)-ca.pem"),
                    "--certificate", try directory.write(server.certificateChain, to: "\(name).pem"),
                    "--key", try directory.write(server.privateKey, to: "\(name)-key.pem"),
                ], in: directory
            )
            let port = try await process.line(Listening.self).port
            peers.append(Peer(behaviour: behaviour, id: id, port: port, process: process))
        }
        let client = try authority.issueClient(commonName: "remote-athens").credentials(trusting: roots)
        return BadPeerProcesses(peers: peers, client: client, directory: directory)
    }

    /// The one that floods.
    var flooder: Peer {
        get throws {
            guard let flooder = peers.first(where: { $0.behaviour == .flooding }) else {
                throw BenchmarkError("no peer floods")
            }
            return flooder
        }
    }

    /// Ends them.
    func stop() {
        for peer in peers { peer.process.stop() }
    }
}

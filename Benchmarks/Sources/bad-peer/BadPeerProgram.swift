internal import ArgumentParser
internal import BenchmarkTargets
internal import Foundation
internal import Logging
internal import MeshCore
internal import ServiceLifecycle
internal import UnixSignals

/// A cluster whose server behaves badly, in a process of its own, as mesh-bench starts it.
///
/// It prints its port as a line of JSON once it listens, and ends on SIGTERM.
@main
struct BadPeerProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bad-peer", abstract: "A peer that floods, stalls, sends garbage or flaps."
    )

    @Option(help: "What it does: \(BadPeer.Behaviour.allCases.map(\.rawValue).joined(separator: ", ")).")
    var behaviour: String

    @Option(help: "The name of its cluster.")
    var cluster: String

    @Option(help: "The number of its cluster.")
    var id: Int

    @Option(help: "The roots that certificates must lead to, PEM.")
    var roots: String

    @Option(help: "The server's certificate, PEM.")
    var certificate: String

    @Option(help: "The server's key, PEM.")
    var key: String

    func run() async throws {
        guard let behaviour = BadPeer.Behaviour(rawValue: behaviour) else {
            throw ValidationError("--behaviour is '\(behaviour)', which is none")
        }
        var logger = Logger(label: "bad-peer", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        let credentials = TLSCredentials(
            certificateChain: try String(contentsOfFile: certificate, encoding: .utf8),
            privateKey: try String(contentsOfFile: key, encoding: .utf8),
            trustedRoots: try String(contentsOfFile: roots, encoding: .utf8)
        )
        let peer = try BadPeer(
            behaviour, cluster: ClusterName(cluster), id: ClusterID(id), credentials: credentials, logger: logger)
        FileHandle.standardOutput.write(Data(#"{"port":\#(peer.port)}"#.utf8) + Data("\n".utf8))
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [Running(peer: peer)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            )
        )
        try await group.run()
    }

    private struct Running: Service {
        let peer: BadPeer

        func run() async throws {
            try await cancelWhenGracefulShutdown { try await peer.run() }
        }
    }
}

import ArgumentParser
import ClusterMesh
import ClusterMeshTestKit
import Foundation
import Logging

/// Three clusters in one process, over mutual TLS on loopback, and the story of a day with a failure.
@main
struct MeshDemo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh-demo",
        abstract: "Runs a mesh of three clusters in one process and tells what happens.",
        discussion: """
            Each of athens, hurup and kos has a store, a certificate, a read-only server and mirrors of the other two, \
            all over mutual TLS on loopback. The story: they find each other; a backend is added; one of them is cut \
            off and comes back with another state; one tries to write to another; one lies about who it is.

            Exit code: 0 if every step held, 1 if one did not, 64 for wrong arguments.
            """
    )

    @Flag(help: "Leave the mesh running after the story, and print etcdctl lines to paste.")
    var keep = false

    @Flag(help: "Print one JSON object a line instead of text.")
    var json = false

    @Flag(help: "Show the agents' log on standard error.")
    var log = false

    @Option(help: "The directory that holds the state of each cluster, in directories named like them.")
    var fixtures = "Fixtures"

    /// The clusters of the story: name, ID and the networks of pods and services.
    static let clusters = [
        (name: "athens", id: 1, pods: "10.0.0.0/16", services: "10.1.0.0/16"),
        (name: "hurup", id: 2, pods: "10.2.0.0/16", services: "10.3.0.0/16"),
        (name: "kos", id: 3, pods: "10.4.0.0/16", services: "10.5.0.0/16"),
    ]

    mutating func run() async throws {
        let narrator = Narrator(json: json)
        var logger = Logger(label: "mesh-demo") { [log] label -> any LogHandler in
            log ? StreamLogHandler.standardError(label: label) as any LogHandler : SwiftLogNoOpLogHandler()
        }
        logger.logLevel = .info

        let clusters: [TestCluster]
        do {
            clusters = try Self.clusters.map { cluster in
                TestCluster(
                    cluster.name, id: cluster.id, state: try StateDirectory("\(fixtures)/\(cluster.name)").load())
            }
        } catch {
            throw ValidationError("\(error)\nRun it in the package's directory, or name the fixtures with --fixtures.")
        }

        let keep = keep
        let began = ContinuousClock.now
        let failures = try await TestMesh.run(clusters, logger: logger) { mesh in
            let story = Story(mesh: mesh, narrator: narrator, fixtures: clusters)
            try await story.tell(since: began)
            if keep {
                try story.printCommands()
                await Self.waitForSignal()
            }
            return narrator.failures
        }
        guard failures.isEmpty else {
            FileHandle.standardError.write(Data("did not hold:\n  \(failures.joined(separator: "\n  "))\n".utf8))
            throw ExitCode(1)
        }
    }

    /// Waits for SIGINT or SIGTERM.
    private static func waitForSignal() async {
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.finish() }
            source.resume()
            return source
        }
        for await _ in signals {}
        for source in sources { source.cancel() }
    }
}

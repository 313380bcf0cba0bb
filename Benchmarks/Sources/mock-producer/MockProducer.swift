internal import ArgumentParser
internal import ClusterMesh
internal import ClusterMeshTestKit
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Many made-up clusters behind one address, in a process of its own.
///
/// It prints its port as a line of JSON once it serves. A line `churn SECONDS` on its standard input has records change
/// for so long, at the rates of Cilium's own test of scale, and is answered by a line of JSON when that is over. It ends
/// with its standard input, and on SIGTERM.
@main
struct MockProducer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mock-producer",
        abstract: "Serves the records of many made-up clusters as copies, as a KVStoreMesh does.",
        discussion: """
            The directory of certificates is laid out as `clustermesh certs` does it. The server's certificate must also \
            be for \(ClusterProducer.serverName): `clustermesh certs server --dns '\(ClusterProducer.serverName)'`. \
            Readers show one for local-HOST: `clustermesh certs client --cn local-HOST`.
            """
    )

    @Option(help: "The directory with the server's certificate and key, and the authority's certificate.")
    var certificates: String

    @Option(help: "The cluster whose agents read.")
    var host = "athens"

    @Option(help: "The port of 127.0.0.1 to listen on; 0 takes a free one.")
    var port = 0

    @Option(help: "How many clusters, 1 to \(ClusterProducer.maximumClusters).")
    var clusters = 250

    @Option(help: "How many nodes each has.")
    var nodes = ProducedSize.cilium.nodes

    @Option(help: "How many identities each has.")
    var identities = ProducedSize.cilium.identities

    @Option(help: "How many IPs each has.")
    var ips = ProducedSize.cilium.ips

    func run() async throws {
        var logger = Logger(label: "mock-producer", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        let producer = try ClusterProducer(
            host: ClusterName(host), clusters: clusters,
            size: ProducedSize(nodes: nodes, identities: identities, ips: ips), port: port,
            credentials: ClusterDirectory(certificates).loadServerCredentials(), logger: logger)
        try ProducerLine.ready(port: producer.port, records: producer.recordCount).say()
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: producer),
                    .init(
                        service: ChurnOrders(producer: producer), successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            )
        )
        try await group.run()
    }
}

/// Obeys the orders on standard input, one after another, until its end.
private struct ChurnOrders: Service {
    let producer: ClusterProducer

    func run() async throws {
        let (orders, order) = AsyncStream<Double>.makeStream(bufferingPolicy: .bufferingNewest(16))
        // Reading standard input blocks, and ends with this process.
        let reader = Thread {
            while let line = readLine() {
                let words = line.split(separator: " ")
                guard words.count == 2, words[0] == "churn", let seconds = Double(words[1]),
                    (0...3_600).contains(seconds)
                else {
                    FileHandle.standardError.write(Data("no order: '\(line)'; write: churn SECONDS\n".utf8))
                    continue
                }
                order.yield(seconds)
            }
            order.finish()
        }
        reader.name = "orders"
        reader.start()
        try await cancelWhenGracefulShutdown {
            for await seconds in orders {
                let began = ContinuousClock.now
                let changes = try await producer.churn(.cilium, for: .seconds(seconds))
                let took = began.duration(to: .now) / .seconds(1)
                try ProducerLine.churned(changes: changes, seconds: took).say()
            }
        }
    }
}

/// A line that it prints.
private struct ProducerLine: Encodable {
    var event: String
    var port: Int?
    var records: Int?
    var changes: Int?
    var seconds: Double?

    static func ready(port: Int, records: Int) -> ProducerLine {
        ProducerLine(event: "ready", port: port, records: records)
    }

    static func churned(changes: Int, seconds: Double) -> ProducerLine {
        ProducerLine(event: "churned", changes: changes, seconds: seconds)
    }

    func say() throws {
        // Not with the C library's streams: flushing them waits for the thread that reads standard input.
        FileHandle.standardOutput.write(try JSONEncoder().encode(self) + Data("\n".utf8))
    }
}

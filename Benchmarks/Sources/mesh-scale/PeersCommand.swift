internal import ArgumentParser
internal import BenchmarkSupport
internal import ClusterMesh
internal import ClusterMeshTestKit
internal import Foundation
internal import Logging
internal import MeshCore

/// One agent that mirrors very many clusters, which a `mock-producer` serves in a process of its own.
struct PeersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "One agent mirrors very many clusters behind one address: how fast, in how much memory, how closely.",
        discussion: """
            The default is the size of Cilium's own test of scale: 250 clusters with 100 nodes, 100 identities and 1,000 \
            IPs each, of which 325 change every second. Its targets are for the default size on two processors, with the \
            producer on the same machine. Run nothing beside it.
            """
    )

    @Option(help: "How many clusters, 1 to \(ClusterProducer.maximumClusters).")
    var clusters = 250

    @Option(help: "How many nodes each has.")
    var nodes = ProducedSize.cilium.nodes

    @Option(help: "How many identities each has.")
    var identities = ProducedSize.cilium.identities

    @Option(help: "How many IPs each has.")
    var ips = ProducedSize.cilium.ips

    @Option(help: "For how many seconds records change, 1 to 3600.")
    var churn = 30.0

    @Option(help: "How many seconds the initial synchronisation may take at most.")
    var patience = 300

    @Flag(help: "Fail if a target is missed.")
    var check = false

    private static let targets = (seconds: 8.0, megabytes: 500.0, milliseconds: 20.0)

    func validate() throws {
        guard (1...3_600).contains(churn) else { throw ValidationError("--churn is \(churn); it must be 1 to 3600") }
    }

    func run() async throws {
        let size = ProducedSize(nodes: nodes, identities: identities, ips: ips)
        let producer = try ProducerProcess(clusters: clusters, size: size)
        defer { producer.stop() }
        print("\(clusters) clusters, \(producer.records) records behind one address")
        let agent = try agent(reading: producer, size)
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            let before = Usage(of: producer)
            let start = ContinuousClock.now
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await synchronize(agent, size)
            let seconds = start.duration(to: .now) / .seconds(1)
            let synchronized = Usage(of: producer)
            let latency = ViewLatency()
            group.addTask { await latency.follow(agent.views) }
            // Whoever follows late would be told of a change later than it came.
            try await Task.sleep(for: .seconds(2))
            let resident = ProcessFigures.own.residentBytes ?? 0
            let quiet = Usage(of: producer)
            let changes = try await producer.churn(seconds: churn)
            try await settle(agent, size)
            let churned = Usage(of: producer)
            var report = ScaleReport()
            let targets = isDefaultSize ? Self.targets : nil
            report.add("initial synchronisation", seconds, .seconds, below: targets?.seconds)
            report.add("  processor time, agent", synchronized.own - before.own, .seconds)
            report.add("  processor time, producer", synchronized.other - before.other, .seconds)
            report.add("resident memory", Double(resident) / 1e6, .megabytes, below: targets?.megabytes)
            report.add("  at most", Double(ProcessFigures.own.peakResidentBytes ?? 0) / 1e6, .megabytes)
            report.add("  producer's", Double(churned.otherResident) / 1e6, .megabytes)
            report.add("changes", Double(changes), .count)
            let (histogram, restarts) = latency.figures
            report.add("  seen with their time", Double(histogram.count), .count)
            report.add("  change to view, median", milliseconds(histogram, 0.5), .milliseconds)
            report.add(
                "  change to view, 99 of 100", milliseconds(histogram, 0.99), .milliseconds,
                below: targets?.milliseconds)
            report.add("  change to view, longest", Double(histogram.maximum) / 1e6, .milliseconds)
            report.add("  followers that had to begin anew", Double(restarts), .count)
            report.add("  processor time, agent", churned.own - quiet.own, .seconds)
            report.add("  processor time, producer", churned.other - quiet.other, .seconds)
            return report
        }
        print(report.text)
        if check, !report.keepsTargets { throw ExitCode.failure }
    }

    private var isDefaultSize: Bool {
        clusters == 250 && ProducedSize(nodes: nodes, identities: identities, ips: ips) == .cilium
    }

    private func agent(reading producer: ProducerProcess, _ size: ProducedSize) throws -> MeshAgent {
        let authority = try CertificateAuthority.create(commonName: "mesh-scale agent")
        let server = try authority.issueServer(cluster: ClusterName(ProducerProcess.host))
        var configuration = try MeshConfiguration(
            name: ProducerProcess.host, id: 255, credentials: server.credentials(trusting: authority.certificatePEM))
        configuration.peers = try (1...clusters).map { number in
            let cluster = try ProducedCluster(number: number, size: size)
            return try PeerConfiguration(
                name: cluster.name.rawValue, id: number, endpoints: ["https://127.0.0.1:\(producer.port)"],
                credentials: producer.reader)
        }
        var logger = Logger(label: "mesh-scale", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        return try MeshAgent(configuration: configuration, logger: logger)
    }

    /// Waits until every cluster is followed and every record is in the views.
    private func synchronize(_ agent: MeshAgent, _ size: ProducedSize) async throws {
        let deadline = ContinuousClock.now + .seconds(patience)
        while !isComplete(agent, size) || !agent.status().isSynchronized {
            guard ContinuousClock.now < deadline else {
                let missing = agent.status().peers.filter { !$0.state.isCurrent }
                throw ScaleError(
                    "not synchronised within \(patience) s; \(missing.count) peers are missing, the first: "
                        + (missing.first.map { "\($0.cluster) is \($0.state.rawValue), \($0.lastError ?? "")" }
                            ?? "none")
                )
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until what the producer brought back is there.
    private func settle(_ agent: MeshAgent, _ size: ProducedSize) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !isComplete(agent, size) {
            guard ContinuousClock.now < deadline else { throw ScaleError("the views do not hold everything any more") }
            try await Task.sleep(for: .milliseconds(10))
        }
        let rejected = agent.status().peers.reduce(0) { $0 + $1.rejections.total }
        guard rejected == 0 else { throw ScaleError("\(rejected) records were refused") }
    }

    private func isComplete(_ agent: MeshAgent, _ size: ProducedSize) -> Bool {
        agent.views.ipCache.snapshot().count == clusters * size.ips
            && agent.views.identities.snapshot().count == clusters * size.identities
            && agent.views.nodes.snapshot().count == clusters * size.nodes
    }

    private func milliseconds(_ histogram: LatencyHistogram, _ share: Double) -> Double {
        Double(histogram.quantile(share) ?? 0) / 1e6
    }
}

/// What the agent's process and the producer's have taken so far.
private struct Usage {
    /// Processor time, in seconds.
    var own: Double
    var other: Double
    var otherResident: Int

    init(of producer: ProducerProcess) {
        let figures = ProcessFigures(of: producer.processID)
        own = Double(MonotonicTime.ownProcessorTime) / 1e9
        other = Double(figures.processorTime ?? 0) / 1e9
        otherResident = figures.residentBytes ?? 0
    }
}

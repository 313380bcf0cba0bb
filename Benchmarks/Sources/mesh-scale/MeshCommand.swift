internal import ArgumentParser
internal import BenchmarkSupport
internal import ClusterMesh
internal import ClusterMeshTestKit
internal import Foundation

/// Meshes in which every cluster mirrors every other one, each mesh in a process of its own.
struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Clusters that all mirror each other, in one process: time until all know all, and memory.",
        discussion: "Run nothing beside it. 50 clusters have 2,450 connections, and need as many open files twice over."
    )

    @Option(help: "How many clusters, 2 to 100; may be repeated. Default: 3, 8 and 50.")
    var clusters: [Int] = []

    @Option(help: "How many nodes each has.")
    var nodes = 10

    @Option(help: "How many identities each has.")
    var identities = 10

    @Option(help: "How many IPs each has.")
    var ips = 100

    func validate() throws {
        guard clusters.allSatisfy((2...100).contains) else { throw ValidationError("--clusters must be 2 to 100") }
    }

    func run() async throws {
        let counts = clusters.isEmpty ? [3, 8, 50] : clusters
        guard let count = counts.first, counts.count == 1 else {
            // What one mesh leaves of memory would be counted to the next one.
            for count in counts { try runAlone(count) }
            return
        }
        let report = try await measure(count)
        print("\(count) clusters with \(size.total) records each, fully meshed\n\(report.text)\n")
    }

    private var size: ProducedSize { ProducedSize(nodes: nodes, identities: identities, ips: ips) }

    private func runAlone(_ count: Int) throws {
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.arguments = [
            "mesh", "--clusters", "\(count)", "--nodes", "\(nodes)", "--identities", "\(identities)", "--ips", "\(ips)",
        ]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
    }

    private func measure(_ count: Int) async throws -> ScaleReport {
        let size = size
        let clusters = try (1...count).map { number in
            let cluster = try ProducedCluster(number: number, size: size)
            return TestCluster(cluster.name.rawValue, id: number, state: cluster.state)
        }
        let empty = ProcessFigures.own.residentBytes ?? 0
        let start = ContinuousClock.now
        let processor = MonotonicTime.ownProcessorTime
        return try await TestMesh.run(clusters, hasLinks: false) { mesh in
            try await mesh.waitUntilSynchronized(timeout: .seconds(300))
            for name in mesh.names {
                let views = try mesh.agent(name).views
                while views.ipCache.snapshot().count < count * size.ips
                    || views.identities.snapshot().count < count * size.identities
                    || views.nodes.snapshot().count < count * size.nodes
                {
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            var report = ScaleReport()
            report.add("all know all after", start.duration(to: .now) / .seconds(1), .seconds)
            report.add("  processor time", Double(MonotonicTime.ownProcessorTime - processor) / 1e9, .seconds)
            report.add("mirrors", Double(count * (count - 1)), .count)
            report.add("records held by them", Double(count * (count - 1) * size.total), .count)
            let resident = Double((ProcessFigures.own.residentBytes ?? 0) - empty)
            report.add("resident memory, all of it", resident / 1e6, .megabytes)
            report.add("  for each cluster", resident / 1e6 / Double(count), .megabytes)
            return report
        }
    }
}

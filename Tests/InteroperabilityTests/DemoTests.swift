import Foundation
import TestSupport
import Testing

/// The demo in a process of its own, and etcdctl in another.
@Suite struct DemoTests {
    private struct Cluster: Decodable {
        var name: String
        var endpoint: String
        var ca: String
        var cert: String
        var key: String
    }

    private struct Step: Decodable {
        var ok: Bool
        var milliseconds: Double?
    }

    private struct Ready: Decodable {
        var event: String
        var clusters: [Cluster]
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private func etcdctl(_ cluster: Cluster, _ arguments: String...) async throws -> (String, String, ChildProcess.Exit)
    {
        let process = try ChildProcess(
            Executable.find("etcdctl", variable: "ETCDCTL"),
            ["--endpoints", cluster.endpoint, "--cacert", cluster.ca, "--cert", cluster.cert, "--key", cluster.key]
                + arguments,
            environment: ["ETCDCTL_API": "3"])
        let exit = try await process.waitForExit(within: .seconds(20))
        return (try process.output, try process.errorOutput, exit)
    }

    @Test func etcdctlReadsFromEachClusterAndIsRefusedWrites() async throws {
        let demo = try ChildProcess(
            Executable.ownDirectory + "/mesh-demo", ["--keep", "--json"], workingDirectory: Self.root)
        func lines() throws -> [Substring] { try demo.output.split(separator: "\n") }
        try await eventually(within: .seconds(60), "the last step of the story") {
            try lines().contains { $0.contains(#""event":"lie-refused""#) && $0.contains(#""at":"hurup""#) }
        }
        let told = try lines()
        for line in told.dropFirst() {
            let step = try JSONDecoder().decode(Step.self, from: Data(line.utf8))
            // How long a step takes is the machine's matter, which has other tests to run meanwhile.
            #expect(step.ok || step.milliseconds ?? 0 > 1000, "\(line)")
        }
        let ready = try JSONDecoder().decode(Ready.self, from: Data(try #require(told.first).utf8))
        #expect(ready.event == "ready")
        #expect(ready.clusters.map(\.name) == ["athens", "hurup", "kos"])
        for cluster in ready.clusters {
            let prefix = "cilium/state/nodes/v1/\(cluster.name)/"
            let (keys, _, _) = try await etcdctl(cluster, "get", "--prefix", "--keys-only", prefix)
            #expect(keys.split(separator: "\n").count >= 4)
            #expect(keys.split(separator: "\n").allSatisfy { $0.hasPrefix(prefix) })

            let (_, refusal, exit) = try await etcdctl(cluster, "put", prefix + "mine", "x")
            #expect(exit != .code(0))
            #expect(refusal.contains("etcdserver: permission denied: \(cluster.name) is served read-only here"))

            let (_, denied, _) = try await etcdctl(cluster, "get", "--prefix", "cilium/cache/")
            #expect(denied.contains("etcdserver: permission denied"))
        }
        demo.signal(SIGTERM)
        guard case .code = try await demo.waitForExit(within: .seconds(20)) else {
            Issue.record("the demo did not end by itself when it was told to")
            return
        }
    }

    @Test func anUnreadableFixtureIsNamedWithFileAndLine() async throws {
        let directory = try TemporaryDirectory()
        for name in ["athens", "hurup", "kos"] {
            try FileManager.default.createDirectory(
                atPath: directory.path + "/" + name, withIntermediateDirectories: true)
        }
        try Data("{\"key\":\"a\",\"value\":\"b\"}\n{broken\n".utf8)
            .write(to: URL(fileURLWithPath: directory.path + "/kos/nodes.jsonl"))
        let demo = try ChildProcess(Executable.ownDirectory + "/mesh-demo", ["--fixtures", directory.path])
        #expect(try await demo.waitForExit(within: .seconds(20)) == .code(64))
        #expect(try demo.errorOutput.contains("kos/nodes.jsonl:2: "))
    }
}

import Foundation
import TestSupport
import Testing

/// Two clusters from nothing: `certs`, `serve`, `connect`, `status`.
@Suite struct ConnectedClustersTests {
    private let tool: Tool

    init() throws {
        tool = try Tool()
    }

    private func make(_ name: String, id: Int, port: Int, state: String) async throws {
        let authority = name == "athens" ? [] : ["--ca", "athens"]
        if name == "athens" { _ = try await tool.run("certs", "ca", "--cluster", name, "--out", name) }
        for arguments in [["server"], ["client"], ["client", "--cn", "admin-\(name)"]] {
            let made = try await tool.run(["certs"] + arguments + ["--cluster", name, "--out", name] + authority)
            #expect(made.exitCode == 0, "\(made.errorOutput)")
        }
        try tool.directory.write(state, to: "\(name)/state/a.jsonl")
        try tool.directory.write("", to: "\(name)/peers/.keep")
        try tool.directory.write(
            """
            name: \(name)
            id: \(id)
            listen: 127.0.0.1:\(port)
            local-listen: 127.0.0.1:0
            cert: server.crt
            key: server.key
            ca: ca.crt
            state: state
            peers: peers

            """, to: "\(name)/cluster.yaml")
    }

    private func start(_ name: String) async throws -> ServeProcess {
        try await ServeProcess.start(["--config", "\(name)/cluster.yaml"], in: tool.directory)
    }

    private func status(_ process: ServeProcess, _ arguments: String...) async throws -> Tool.Result {
        let name = process.ready.name
        return try await tool.run(
            ["status"] + arguments + [
                "--endpoint", try #require(process.ready.localEndpoint), "--ca", "\(name)/ca.crt",
                "--cert", "\(name)/clients/admin-\(name).crt", "--key", "\(name)/clients/admin-\(name).key",
            ])
    }

    private func line(_ identity: Int, _ cluster: String) -> String {
        #"{"key":"cilium/state/identities/v1/id/\#(identity)","value":"k8s:io.cilium.k8s.policy.cluster=\#(cluster);"}"#
    }

    @Test func theyMirrorEachOtherOnceTheyAreConnectedAndSaySo() async throws {
        let ports = try FreePort.find(2)
        try await make("athens", id: 1, port: ports[0], state: line(65_999, "athens"))
        try await make("hurup", id: 2, port: ports[1], state: line(131_999, "hurup"))
        let (athens, hurup) = (try await start("athens"), try await start("hurup"))
        #expect(try await status(athens).output.contains("\nno peers\n"))

        let connected = try await tool.run("connect", "athens", "hurup")
        #expect(connected.exitCode == 0, "\(connected.errorOutput)")
        for (process, peer, id) in [(athens, "hurup", 2), (hurup, "athens", 1)] {
            // The file is found within seconds; until then there is nobody to wait for.
            try await eventually("\(peer) as a peer of \(process.ready.name)") {
                try await status(process).output.contains("\n\(peer) ")
            }
            let waited = try await status(process, "--wait", "--wait-duration", "25s")
            #expect(waited.exitCode == 0, "\(waited.output) \(waited.errorOutput)")
            #expect(waited.output.contains("1 of 1 peers ready\n"), "\(waited.output)")
            let row = try #require(waited.output.split(separator: "\n").first { $0.hasPrefix("\(peer) ") })
            let cells = row.split(separator: " ").map(String.init)
            #expect(cells[1] == "\(id)" && cells[2] == "watching" && cells[6] == "1", "\(row)")
        }
        let verbose = try await status(athens, "--verbose").output
        #expect(verbose.contains("\n  its certificate: valid until <time>, for "), "\(verbose)")
        #expect(verbose.contains("\n  the certificate shown to it: valid until <time>, for "), "\(verbose)")
        #expect(verbose.contains("\n  config: ID 2, for 255 clusters, with canaries"), "\(verbose)")

        #expect(try await hurup.stop() == .code(0))
        try await eventually("the loss in athens' status") { try await status(athens).exitCode == 2 }
        let lost = try await status(athens)
        #expect(lost.output.hasPrefix("cluster athens (ID 1): not ready\n  hurup is "), "\(lost.output)")
        #expect(lost.output.contains("https://127.0.0.1:\(ports[1]): tried "), "\(lost.output)")
        let json = try await status(athens, "-o", "json").output
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let peer = try #require((object?["peers"] as? [[String: Any]])?.first)
        #expect(peer["ready"] as? Bool == false)
        #expect((peer["kinds"] as? [String: [String: Any]])?["identity"]?["count"] as? Int == 1, "what is known stays")
    }

    @Test func aBrokenPeerFileIsToldOf() async throws {
        try await make("athens", id: 1, port: 0, state: line(65_999, "athens"))
        let athens = try await start("athens")
        try tool.directory.write("endpoints: nowhere\n", to: "athens/peers/kos")
        try await eventually("the fault in the status") {
            try await status(athens).output.contains("peers/kos")
        }
        let told = try await status(athens)
        #expect(told.exitCode == 2)
        #expect(told.output.contains("peer files:\n"), "\(told.output)")
    }
}

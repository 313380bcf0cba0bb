import Foundation
import TestSupport
import Testing

/// The listener on which the cluster's own agents write, and `clustermesh ready`.
@Suite struct ServeLocalTests {
    private let served: ServedDirectory

    init() throws {
        served = try ServedDirectory()
    }

    private func local(_ process: ServeProcess, as name: String) throws -> Etcdctl {
        try Etcdctl(
            endpoints: try #require(process.ready.localEndpoint), credentials: TestCertificates.client(name))
    }

    /// Runs `clustermesh ready` with the certificate of `name`.
    private func ready(_ endpoint: String, as name: String) async throws -> Tool.Result {
        let tool = try Tool()
        return try await tool.run(["ready"] + tool.connection(endpoint, as: name))
    }

    @Test func anAgentWritesWhatAnotherClusterReads() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let line = try process.process.output
        let form =
            #/\{"event":"ready","name":"athens","id":1,"endpoint":"https://127\.0\.0\.1:\d+","localEndpoint":"https://127\.0\.0\.1:\d+"\}\n/#
        #expect(line.wholeMatch(of: form) != nil, "\(line)")
        #expect(process.ready.localEndpoint != process.ready.endpoint)

        let put = try await local(process, as: "admin-athens").run("put", "cilium/state/nodes/v1/athens/a", "value")
        #expect(put.output == "OK\n", "\(put.errorOutput)")
        let got = try await process.etcdctl(as: "remote-hurup").run("get", "cilium/state/nodes/v1/athens/a")
        #expect(got.output == "cilium/state/nodes/v1/athens/a\nvalue\n", "\(got.errorOutput)")
        // The other endpoint takes no writes, whoever asks.
        let refused = try await process.etcdctl(as: "admin-athens").run("put", "cilium/state/x", "1")
        #expect(refused.errorOutput.contains("athens is served read-only here"))
    }

    @Test func onlyWritersWrite() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0", "--write", "cn:agent-*")
        for (name, mayWrite) in [("agent-7", true), ("admin-athens", false), ("remote-hurup", false)] {
            let put = try await local(process, as: name).run("put", "cilium/state/x", "1")
            #expect((put.exitCode == 0) == mayWrite, "\(name): \(put.output) \(put.errorOutput)")
        }
    }

    @Test func otherClustersKeysAreTakenOnlyWhereThatIsAllowed() async throws {
        let strict = try await served.start("--local-listen", "127.0.0.1:0")
        let refused = try await local(strict, as: "admin-athens").run("put", "cilium/cache/nodes/v1/kos/a", "1")
        #expect(refused.errorOutput.contains("permission denied"), "\(refused.output)")
        let lenient = try await served.start("--local-listen", "127.0.0.1:0", "--allow-cache-writes")
        let put = try await local(lenient, as: "admin-athens").run("put", "cilium/cache/nodes/v1/kos/a", "1")
        #expect(put.output == "OK\n", "\(put.errorOutput)")
        let remote = try await lenient.etcdctl(as: "remote-kos").run("get", "cilium/cache/nodes/v1/kos/a")
        #expect(remote.errorOutput.contains("etcdserver: permission denied"))
        let own = try await lenient.etcdctl(as: "local-athens").run("get", "cilium/cache/nodes/v1/kos/a")
        #expect(own.output == "cilium/cache/nodes/v1/kos/a\n1\n", "\(own.errorOutput)")
    }

    @Test func theStateIsCompleteWhenAWriterSaysSo() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let endpoint = try #require(process.ready.localEndpoint)
        let config = ["get", "cilium/cluster-config/athens"]
        let remote = try process.etcdctl(as: "remote-hurup")
        #expect(try await remote.run(config).output == "")

        let refused = try await ready(endpoint, as: "local-athens")
        #expect(refused.exitCode == 1)
        #expect(refused.errorOutput.contains("permission denied"), "\(refused.errorOutput)")
        #expect(try await remote.run(config).output == "")

        let declared = try await ready(endpoint, as: "admin-athens")
        #expect(declared.exitCode == 0, "\(declared.errorOutput)")
        #expect(declared.output.wholeMatch(of: #/the state is declared complete, at revision \d+\n/#) != nil)
        #expect(try await remote.run(config).output.contains("\"syncedCanaries\":true"))
        #expect(try await ready(endpoint, as: "admin-athens").output == declared.output, "saying it again is harmless")
    }

    @Test func nobodyThereIsSaidSo() async throws {
        let port = try FreePort.find()[0]
        let result = try await ready("https://127.0.0.1:\(port)", as: "admin-athens")
        #expect(result.exitCode == 1)
        #expect(result.errorOutput.contains("127.0.0.1:\(port)"), "\(result.errorOutput)")
        let wrong = try await ready("nowhere", as: "admin-athens")
        #expect(wrong.exitCode == 64)
    }

    @Test func aUnixSocketIsItsOwnersAlone() async throws {
        let path = served.directory.file("run/agent.sock")
        let process = try await served.start("--local-listen", "unix:\(path)")
        #expect(process.ready.localEndpoint == "unixs://\(path)")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try await ready("unixs://\(path)", as: "admin-athens").exitCode == 0)
        #expect(try await ready("unix:\(path)", as: "admin-athens").exitCode == 0)
        #expect(try await process.stop() == .code(0))
    }

    @Test func filesAndWritersShareAStore() async throws {
        try served.writeState(["t/a": "1"])
        let process = try await served.start("--state", "state", "--local-listen", "127.0.0.1:0")
        let etcdctl = try local(process, as: "admin-athens")
        #expect(try await etcdctl.run("put", "t/b", "2").output == "OK\n")
        try served.writeState(["t/c": "3"])
        try await eventually("the files' change") {
            try await etcdctl.run("get", "--prefix", "t/").output == "t/b\n2\nt/c\n3\n"
        }
    }

    @Test func leasesExpire() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let etcdctl = try local(process, as: "admin-athens")
        let granted = try await etcdctl.run("lease", "grant", "2").output
        let lease = try #require(granted.split(separator: " ").dropFirst().first, "\(granted)")
        let put = try await etcdctl.run("put", "cilium/state/x", "1", "--lease=\(lease)")
        #expect(put.output == "OK\n", "\(put.errorOutput)")
        try await eventually("the key's end") { try await etcdctl.run("get", "cilium/state/x").output == "" }
    }

    @Test func whoMayWriteChangesWithTheFile() async throws {
        try served.writeConfiguration("local-listen: 127.0.0.1:0\nwrite: cn:first")
        let process = try await ServeProcess.start(["--config", "mesh.yaml"], in: served.directory)
        let (first, second) = (try local(process, as: "first"), try local(process, as: "second"))
        #expect(try await first.run("put", "cilium/state/x", "1").exitCode == 0)
        #expect(try await second.run("put", "cilium/state/x", "1").exitCode != 0)
        try served.writeConfiguration("local-listen: 127.0.0.1:0\nwrite: cn:second")
        try await eventually("the second's right") {
            try await second.run("put", "cilium/state/x", "1").exitCode == 0
        }
        #expect(try await first.run("put", "cilium/state/x", "1").exitCode != 0)
    }
}

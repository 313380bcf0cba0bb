import Foundation
import TestSupport
import Testing

/// Starting, saying so, and ending.
@Suite struct ServeCommandTests {
    private let served: ServedDirectory

    init() throws {
        served = try ServedDirectory()
    }

    @Test func theReadyLineIsOneJSONObject() async throws {
        let process = try await served.start()
        let line = try process.process.output
        let form = #/\{"event":"ready","name":"athens","id":1,"endpoint":"https://127\.0\.0\.1:\d+"\}\n/#
        #expect(line.wholeMatch(of: form) != nil, "\(line)")
        #expect(process.ready.endpoint != "https://127.0.0.1:0")
    }

    @Test func aPersonIsToldWhereItServes() async throws {
        let process = try ServeProcess.launch(served.required, in: served.directory)
        try await eventually("the line") { try process.output.hasSuffix("\n") }
        let line = try process.output
        let form = #/cluster athens \(ID 1\) is served at https://127\.0\.0\.1:\d+\n/#
        #expect(line.wholeMatch(of: form) != nil, "\(line)")
    }

    @Test func theAdvertisedURLIsTheEndpoint() async throws {
        let process = try await served.start("--advertise", "https://mesh.example:443", "--listen", "127.0.0.1:0")
        #expect(process.ready.endpoint == "https://mesh.example:443")
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func itEndsCleanlyWhenAskedTo(_ signal: Int32) async throws {
        let process = try await served.start()
        #expect(try await process.stop(signal) == .code(0))
        #expect(try process.log.contains("stopped"))
    }

    @Test func itEndsCleanlyWithAnOpenWatch() async throws {
        let process = try await served.start("--read", "cn:bench=*")
        let etcdctl = try process.etcdctl(as: "bench")
        let watch = try etcdctl.watch("", "--prefix", "--rev=1")
        // Open for sure once it has brought something: the cluster's own configuration is written at the start.
        _ = try await watch.lines(atLeast: 3, within: .seconds(30))
        #expect(try await process.stop() == .code(0))
        withExtendedLifetime(etcdctl) {}
    }

    @Test func severalSourcesOfSettingsAreOne() async throws {
        try served.writeConfiguration("read: cn:file=*\nlog-level: warning")
        let process = try await ServeProcess.start(
            ["--config", "mesh.yaml", "--name", "hurup", "--log-level", "info"], in: served.directory)
        #expect(process.ready.name == "hurup")
        #expect(try process.log.contains(" info "))
        let answer = try await process.etcdctl(as: "file").run("get", "x")
        #expect(answer.exitCode == 0, "\(answer.errorOutput)")
    }

    @Test func whoHasNoRoleReadsNothing() async throws {
        let process = try await served.start("--read", "cn:bench=cilium/state/*")
        let refused = try await process.etcdctl(as: "other").run("get", "cilium/state/x")
        #expect(refused.errorOutput.contains("etcdserver: permission denied"))
        let outside = try await process.etcdctl(as: "bench").run("get", "cilium/secret")
        #expect(outside.errorOutput.contains("etcdserver: permission denied"))
        let inside = try await process.etcdctl(as: "bench").run("get", "--prefix", "cilium/state/")
        #expect(inside.exitCode == 0, "\(inside.errorOutput)")
    }

    @Test func aKeyThatOthersCanReadIsWarnedOf() async throws {
        try #require(chmod(served.directory.file("server.key"), 0o640) == 0)
        let process = try await served.start()
        #expect(try process.log.contains("others can read the private key server.key (mode 640); 'chmod 600' it"))
    }

    @Test func aKeyOfItsOwnersIsNotWarnedOf() async throws {
        let process = try await served.start()
        #expect(!(try process.log.contains("others can read")))
    }
}

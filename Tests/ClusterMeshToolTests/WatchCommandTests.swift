import Foundation
import TestSupport
import Testing

/// `clustermesh watch`, at a cluster's local listener and at an etcd.
@Suite struct WatchCommandTests {
    private let served: ServedDirectory
    private let tool: Tool

    init() throws {
        served = try ServedDirectory()
        tool = try Tool()
    }

    /// Starts it at an endpoint where this name may read.
    private func begin(_ arguments: [String], _ endpoint: String, as name: String) throws -> ChildProcess {
        try tool.begin(["watch"] + arguments + tool.connection(endpoint, as: name))
    }

    @Test func changesAreToldAsTheyAreMade() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let endpoint = try #require(process.ready.localEndpoint)
        let etcdctl = try Etcdctl(endpoints: endpoint, credentials: TestCertificates.client("admin-athens"))
        _ = try await etcdctl.run("put", "t/a", "1")
        // From the beginning, so that nothing depends on when the watch begins.
        let simple = try begin(["--prefix", "t/", "--rev", "1"], endpoint, as: "admin-athens")
        let json = try begin(["--prefix", "t/", "--rev", "1", "-o", "json"], endpoint, as: "admin-athens")
        try await eventually("the first change") { try simple.output == "PUT\nt/a\n1\n" }
        _ = try await etcdctl.run("put", "t/b", "2")
        _ = try await etcdctl.run("del", "t/a")
        try await eventually("all changes") { try simple.output == "PUT\nt/a\n1\nPUT\nt/b\n2\nDELETE\nt/a\n" }
        let lines = [
            #"{"event":"put","revision":N,"key":"t/a","value":"1","createRevision":N,"modRevision":N,"version":1}"#,
            #"{"event":"put","revision":N,"key":"t/b","value":"2","createRevision":N,"modRevision":N,"version":1}"#,
            #"{"event":"delete","revision":N,"key":"t/a"}"#,
        ]
        try await eventually("all changes as JSON") {
            // What the agent writes by itself has revisions, too: which ones are left for these cannot be known.
            try json.output.replacing(#/evision":\d+/#, with: "evision\":N").split(separator: "\n").map(String.init)
                == lines
        }
    }

    @Test func theEndSaysWhereToGoOn() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let endpoint = try #require(process.ready.localEndpoint)
        let etcdctl = try Etcdctl(endpoints: endpoint, credentials: TestCertificates.client("admin-athens"))
        _ = try await etcdctl.run("put", "t/a", "1")
        let watch = try begin(["t/a", "--rev", "2"], endpoint, as: "admin-athens")
        try await eventually("the change") { try watch.output == "PUT\nt/a\n1\n" }
        _ = try await process.stop()
        #expect(try await watch.waitForExit(within: .seconds(30)) == .code(1))
        let error = try watch.errorOutput
        #expect(error.contains(#/; go on with --rev \d+\n$/#), "\(error)")
    }

    @Test func whatIsCompactedIsToldWithTheFirstRevisionLeft() async throws {
        let etcd = try await EtcdProcess.start(client: "bench")
        for number in 0..<5 { _ = try await etcd.etcdctl.run("put", "t/a", "\(number)") }
        _ = try await etcd.etcdctl.run("compact", "5")
        let watch = try begin(["t/a", "--rev", "2"], etcd.endpoint, as: "bench")
        #expect(try await watch.waitForExit(within: .seconds(30)) == .code(1))
        let error = try watch.errorOutput
        #expect(
            error.hasSuffix(
                "the changes before revision 5 are gone (compacted); read the present state, or watch from revision 5 on\n"
            ), "\(error)")
        let again = try begin(["t/a", "--rev", "5"], etcd.endpoint, as: "bench")
        try await eventually("the changes that are left") {
            try again.output == "PUT\nt/a\n3\nPUT\nt/a\n4\n"
        }
    }

    @Test func whoMayNotReadIsRefused() async throws {
        let process = try await served.start()
        let watch = try begin(["x"], process.ready.endpoint, as: "stranger")
        #expect(try await watch.waitForExit(within: .seconds(30)) == .code(1))
        let error = try watch.errorOutput
        #expect(error.contains("permission denied"), "\(error)")
    }
}

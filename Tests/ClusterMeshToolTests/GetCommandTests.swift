import Foundation
import TestSupport
import Testing

/// `clustermesh get`, from a cluster's endpoints and from an etcd.
@Suite struct GetCommandTests {
    private let served: ServedDirectory
    private let tool: Tool

    init() throws {
        served = try ServedDirectory()
        tool = try Tool()
    }

    private func flags(_ endpoint: String, as name: String = "bench") throws -> [String] {
        try tool.connection(endpoint, as: name)
    }

    private func start(_ pairs: KeyValuePairs<String, String>) async throws -> ServeProcess {
        try served.writeState(pairs)
        return try await served.start("--state", "state", "--read", "cn:bench=*")
    }

    @Test func aKeyIsPrintedAsEtcdsOwnToolDoes() async throws {
        let process = try await start(["t/a": "1", "t/b": "2"])
        let one = try await tool.run(["get", "t/a"] + flags(process.ready.endpoint))
        #expect(one.output == "t/a\n1\n")
        #expect(one.exitCode == 0, "\(one.errorOutput)")
        let all = try await tool.run(["get", "--prefix", "t/"] + flags(process.ready.endpoint))
        #expect(all.output == "t/a\n1\nt/b\n2\n")
        #expect(all.output == (try await process.etcdctl(as: "bench").run("get", "--prefix", "t/").output))
        let none = try await tool.run(["get", "t/c"] + flags(process.ready.endpoint))
        #expect(none.output == "")
        #expect(none.exitCode == 0)
    }

    @Test func jsonIsAnObjectALineThatServesAsState() async throws {
        let process = try await start(["t/a": "{\"x\":\"ö\"}", "t/b": "2"])
        let result = try await tool.run(["get", "--prefix", "t/", "-o", "json"] + flags(process.ready.endpoint))
        let form = #/\{"key":"t/a","value":"\{\\"x\\":\\"ö\\"\}","createRevision":2,"modRevision":2,"version":1\}/#
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.wholeMatch(of: form) != nil, "\(result.output)")
        try tool.directory.write(result.output, to: "again/a.jsonl")
        let again = try ServedDirectory()
        let second = try await ServeProcess.start(
            again.required + ["--state", tool.directory.file("again"), "--read", "cn:bench=*"], in: again.directory)
        let copied = try await tool.run(["get", "--prefix", "t/"] + flags(second.ready.endpoint))
        #expect(copied.output == "t/a\n{\"x\":\"ö\"}\nt/b\n2\n")
    }

    @Test func aLimitSaysHowMuchItCutOff() async throws {
        let process = try await start(["t/a": "1", "t/b": "2", "t/c": "3"])
        let place = try flags(process.ready.endpoint)
        let cut = try await tool.run(["get", "--prefix", "t/", "--limit", "2", "--keys-only"] + place)
        #expect(cut.output == "t/a\nt/b\n")
        #expect(cut.errorOutput.wholeMatch(of: #/2 of 3 keys at revision \d+\n/#) != nil, "\(cut.errorOutput)")
        let count = try await tool.run(["get", "--prefix", "t/", "--count-only"] + place)
        #expect(count.output == "3\n")
        let json = try await tool.run(["get", "--prefix", "t/", "--count-only", "-o", "json"] + place)
        #expect(json.output.wholeMatch(of: #/\{"count":3,"revision":\d+\}\n/#) != nil, "\(json.output)")
    }

    @Test func recordsAreDecodedForPeople() async throws {
        let process = try await start([
            "cilium/state/identities/v1/id/65537": "k8s:app=cart;k8s:io.cilium.k8s.policy.cluster=athens;",
            "cilium/state/nodes/v1/athens/plaka": "{", "other": "x",
        ])
        let result = try await tool.run(["get", "--prefix", "--decode"] + flags(process.ready.endpoint))
        #expect(result.output.contains("\nidentity 65537: k8s:app=cart;"), "\(result.output)")
        #expect(result.output.contains("cilium/state/nodes/v1/athens/plaka\nnot readable: "), "\(result.output)")
        #expect(result.output.hasSuffix("other\nx\n"))
        #expect(result.output.contains("cluster config of athens: ID 1, for 255 clusters, with canaries"))
        let json = try await tool.run(
            ["get", "--prefix", "cilium/state/", "--decode", "-o", "json"] + flags(process.ready.endpoint))
        #expect(json.output.contains("\"record\":\"identity 65537: "), "\(json.output)")
        #expect(json.output.contains("\"fault\":\"not readable: "), "\(json.output)")
    }

    @Test func anEtcdIsReadLikeACluster() async throws {
        let etcd = try await EtcdProcess.start(client: "bench")
        for number in 0..<3 { _ = try await etcd.etcdctl.run("put", "t/\(number)", "\(number)") }
        _ = try await etcd.etcdctl.run("put", "t/0", "changed")
        let now = try await tool.run(["get", "--prefix", "t/"] + flags(etcd.endpoint))
        #expect(now.output == "t/0\nchanged\nt/1\n1\nt/2\n2\n", "\(now.errorOutput)")
        let then = try await tool.run(["get", "--prefix", "t/", "--rev", "3"] + flags(etcd.endpoint))
        #expect(then.output == "t/0\n0\nt/1\n1\n", "\(then.errorOutput)")
        let future = try await tool.run(["get", "t/0", "--rev", "1000"] + flags(etcd.endpoint))
        #expect(future.exitCode == 1)
        #expect(future.errorOutput.contains("required revision is a future revision"), "\(future.errorOutput)")
    }

    @Test func aUnixSocketIsAskedAsWell() async throws {
        let path = served.directory.file("run/agent.sock")
        let process = try await served.start("--local-listen", "unix:\(path)")
        let place = try flags(try #require(process.ready.localEndpoint), as: "admin-athens")
        let result = try await tool.run(["get", "--prefix", "--count-only", "t/"] + place)
        #expect(result.output == "0\n", "\(result.errorOutput)")
    }

    @Test func whatMayNotBeReadIsRefused() async throws {
        let process = try await start(["t/a": "1"])
        let result = try await tool.run(["get", "t/a"] + flags(process.ready.endpoint, as: "remote-kos"))
        #expect(result.exitCode == 1)
        let address = process.ready.endpoint.dropFirst("https://".count)
        #expect(result.errorOutput == "Error: \(address): etcdserver: permission denied\n")
    }

    @Test func nobodyThereIsSaidSo() async throws {
        let port = try FreePort.find()[0]
        let result = try await tool.run(["get", "x"] + flags("https://127.0.0.1:\(port)"))
        #expect(result.exitCode == 1)
        #expect(result.errorOutput.contains("127.0.0.1:\(port)"), "\(result.errorOutput)")
    }

    @Test(arguments: [
        (["get"], "a key is missing; give one, or --prefix for all keys"),
        (["get", "x", "--rev=-1"], "--rev -1: a revision is at least 1"),
        (["get", "x", "--limit=-1"], "--limit -1: a number of pairs is at least 0"),
        (["get", "x", "--decode", "--keys-only"], "--decode needs values"),
        (["get", "x", "-o", "yaml"], "'yaml' is invalid for '-o <format>'"),
        (["watch"], "a key is missing"),
        (["watch", "x", "--rev=-1"], "--rev -1: a revision is at least 1"),
    ])
    func wrongArgumentsAreAnErrorOfTheirOwn(arguments: [String], message: String) async throws {
        let result = try await tool.run(arguments + flags("https://127.0.0.1:1"))
        #expect(result.exitCode == 64)
        #expect(result.errorOutput.contains(message), "\(result.errorOutput)")
    }
}

import Foundation
import TestSupport
import Testing

/// State files, and what becomes of their changes.
@Suite struct ServeStateTests {
    private let served: ServedDirectory

    init() throws {
        served = try ServedDirectory()
    }

    private func values(_ process: ServeProcess) async throws -> [String: String] {
        let answer = try await process.etcdctl(as: "bench").run("get", "--prefix", "t/")
        try #require(answer.exitCode == 0, "\(answer.errorOutput)")
        let lines = answer.output.split(separator: "\n").map(String.init)
        return Dictionary(
            uniqueKeysWithValues: stride(from: 0, to: lines.count - 1, by: 2).map { (lines[$0], lines[$0 + 1]) })
    }

    @Test func theStateIsThereWhenItIsReady() async throws {
        try served.writeState(["t/a": "1", "t/b": "2"])
        try served.writeState(["t/c": "3"], to: "state/b.jsonl")
        let process = try await served.start("--state", "state", "--read", "cn:bench=*")
        #expect(try await values(process) == ["t/a": "1", "t/b": "2", "t/c": "3"])
        // Complete: other clusters may take what is not there for deleted.
        let config = try await process.etcdctl(as: "remote-hurup").run("get", "cilium/cluster-config/athens")
        #expect(config.output.contains("\"syncedCanaries\":true"), "\(config.output) \(config.errorOutput)")
    }

    @Test func aWatcherSeesWhatChangesInTheFiles() async throws {
        try served.writeState(["t/a": "1", "t/b": "2"])
        let process = try await served.start("--state", "state", "--read", "cn:bench=*")
        // Its files are needed as long as the watch runs.
        let etcdctl = try process.etcdctl(as: "bench")
        let watch = try etcdctl.watch("t/", "--prefix", "--rev=1")
        #expect(try await watch.lines(atLeast: 6, within: .seconds(30)) == ["PUT", "t/a", "1", "PUT", "t/b", "2"])
        try served.writeState(["t/a": "changed", "t/c": "new"])
        let lines = try await watch.lines(atLeast: 15, within: .seconds(30)).dropFirst(6)
        #expect(Array(lines) == ["PUT", "t/a", "changed", "PUT", "t/c", "new", "DELETE", "t/b", ""])
        #expect(try await values(process) == ["t/a": "changed", "t/c": "new"])
        withExtendedLifetime(etcdctl) {}
    }

    @Test func aFileThatComesAddsAndOneThatGoesWithdraws() async throws {
        try served.writeState(["t/a": "1"])
        let process = try await served.start("--state", "state", "--read", "cn:bench=*")
        try served.writeState(["t/b": "2"], to: "state/b.jsonl")
        try await eventually("the new file's key") { try await values(process) == ["t/a": "1", "t/b": "2"] }
        try FileManager.default.removeItem(atPath: served.directory.file("state/a.jsonl"))
        try await eventually("the removed file's end") { try await values(process) == ["t/b": "2"] }
    }

    @Test func aBrokenFileChangesNothingAndIsTakenOnceItIsMended() async throws {
        try served.writeState(["t/a": "1"])
        let process = try await served.start("--state", "state", "--read", "cn:bench=*")
        try served.directory.write("{\"key\":", to: "state/b.jsonl")
        try await process.waitUntilLogged("the state stays as it was: state/b.jsonl:1: ")
        #expect(try await values(process) == ["t/a": "1"])
        try served.writeState(["t/b": "2"], to: "state/b.jsonl")
        try await eventually("the mended file's key") { try await values(process) == ["t/a": "1", "t/b": "2"] }
    }

    @Test func aStateThatCannotBeReadAnyMoreIsKept() async throws {
        try served.writeState(["t/a": "1"])
        let process = try await served.start("--state", "state", "--read", "cn:bench=*")
        try FileManager.default.removeItem(atPath: served.directory.file("state"))
        try await process.waitUntilLogged("the state stays as it was: ")
        #expect(try await values(process) == ["t/a": "1"])
    }
}

import Foundation
import TestSupport
import Testing

/// `clustermesh status`, at a running `clustermesh serve`.
@Suite struct StatusCommandTests {
    private let served: ServedDirectory
    private let tool: Tool

    init() throws {
        served = try ServedDirectory()
        tool = try Tool()
    }

    private func endpoint(_ process: ServeProcess) throws -> String { try #require(process.ready.localEndpoint) }

    @Test func aReadyAgentIsExitCodeZero() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let place = try tool.connection(endpoint(process), as: "admin-athens")
        let before = try await tool.run(["status"] + place)
        #expect(before.exitCode == 2)
        #expect(before.errorOutput == "")
        #expect(
            before.output.hasPrefix(
                "cluster athens (ID 1): not ready\n  the own state is not declared complete\n  store "),
            "\(before.output)")
        #expect(try await tool.run(["ready"] + place).exitCode == 0)
        let after = try await tool.run(["status"] + place)
        #expect(after.exitCode == 0, "\(after.errorOutput)")
        #expect(after.output.hasPrefix("cluster athens (ID 1): ready\n  store "), "\(after.output)")
        let json = try await tool.run(["status", "-o", "json"] + place)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["ready"] as? Bool == true)
        #expect(object?["cluster"] as? String == "athens")
    }

    @Test func whoeverMayReadThereMayAsk() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let reader = try await tool.run(["status"] + tool.connection(endpoint(process), as: "local-athens"))
        #expect(reader.exitCode == 2, "\(reader.errorOutput)")
        let stranger = try await tool.run(["status"] + tool.connection(endpoint(process), as: "remote-kos"))
        #expect(stranger.exitCode == 1)
        #expect(stranger.errorOutput.contains("permission denied"), "\(stranger.errorOutput)")
    }

    @Test func waitingEndsWhenTheAgentIsReady() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let place = try tool.connection(endpoint(process), as: "admin-athens")
        let waiting = try tool.begin(["status", "--wait"] + place)
        try await eventually("what it waits for") {
            try waiting.errorOutput.contains("the own state is not declared complete\n")
        }
        #expect(try await tool.run(["ready"] + place).exitCode == 0)
        #expect(try await waiting.waitForExit(within: .seconds(30)) == .code(0))
        #expect(try waiting.output.hasPrefix("cluster athens (ID 1): ready\n"))
        // Once for each reason, however often it was asked.
        #expect(try waiting.errorOutput.split(separator: "\n").count == 1)
    }

    @Test func waitingEndsWhenTheTimeIsOver() async throws {
        let process = try await served.start("--local-listen", "127.0.0.1:0")
        let place = try tool.connection(endpoint(process), as: "admin-athens")
        let result = try await tool.run(["status", "--wait", "--wait-duration", "1s"] + place)
        #expect(result.exitCode == 2)
        #expect(result.output.hasPrefix("cluster athens (ID 1): not ready\n"))
    }

    @Test func anAgentThatIsNotThereIsWaitedForButNotForEver() async throws {
        let port = try FreePort.find()[0]
        let place = try tool.connection("https://127.0.0.1:\(port)", as: "admin-athens")
        let once = try await tool.run(["status"] + place)
        #expect(once.exitCode == 1)
        #expect(once.errorOutput.hasPrefix("Error: 127.0.0.1:\(port): "), "\(once.errorOutput)")
        let waited = try await tool.run(["status", "--wait", "--wait-duration", "1s"] + place)
        #expect(waited.exitCode == 1)
        #expect(waited.errorOutput.hasPrefix("waiting ("), "\(waited.errorOutput)")
    }

    @Test(arguments: [["--wait-duration", "soon"], ["-o", "yaml"], ["--endpoint", "nowhere"]])
    func wrongArgumentsAreAnErrorOfTheirOwn(arguments: [String]) async throws {
        let place = try tool.connection("https://127.0.0.1:1", as: "admin-athens")
        #expect(try await tool.run(["status"] + place + arguments).exitCode == 64)
    }
}

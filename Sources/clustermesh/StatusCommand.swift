internal import ArgumentParser
internal import ClusterMesh
internal import MeshTLS

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tells how a cluster's agent and its mirrors of other clusters are doing.",
        discussion: """
            It asks the agent where the cluster's own agents write ('serve --local-listen'), with a certificate that may \
            read there, such as local-NAME or admin-NAME. The agent is ready when its own state is declared complete, all \
            peers' files can be used, and what it holds of every peer is current; with --wait it is asked again until \
            then.

            -o json prints one object; its fields keep their names, and more may come.

            Exit codes: 0 it is ready; 1 it could not be asked, and the message says why; 2 it is not ready, with --wait \
            not in time; 64 the arguments are wrong.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Ask again until it is ready.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait for that, such as 90s or 1h30m.", valueName: "time"))
    var waitDuration = DurationOption(.seconds(15 * 60))

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("How it is printed: table or json.", valueName: "format"))
    var output = StatusFormat.table

    @Flag(name: [.short, .long], help: "Print everything of every peer, not only what deserves attention.")
    var verbose = false

    /// How it is printed.
    enum StatusFormat: String, CaseIterable, ExpressibleByArgument {
        case table
        case json
    }

    /// How long it waits before it asks again.
    private static let pause = Duration.milliseconds(500)

    func run() async throws {
        let agent = try connection.agent()
        let status = wait ? try await waited(agent) : try await agent.status()
        switch output {
        case .table:
            let report = StatusReport(status: status, now: UTCTime.now, isVerbose: verbose)
            StandardOutput.write(Array(report.text.utf8))
        case .json:
            StandardOutput.writeLine(status.json.lines)
        }
        guard status.isReady else { throw ExitCode(2) }
    }

    /// Asks until it is ready or the time is over, and says what is waited for whenever that becomes something else.
    ///
    /// - Throws: Why it could not be asked, if it could not be at the end.
    private func waited(_ agent: AgentClient) async throws -> AgentStatus {
        let clock = ContinuousClock()
        let start = clock.now
        let deadline = start + waitDuration.duration
        var told = ""
        while true {
            let answer: Result<AgentStatus, AgentClientError>
            do throws(AgentClientError) {
                answer = .success(try await agent.status())
            } catch {
                // Only an agent that is not there yet is worth waiting for.
                guard error.code == .unavailable || error.code == .deadlineExceeded else { throw error }
                answer = .failure(error)
            }
            let missing: String
            switch answer {
            case .success(let status):
                if status.isReady { return status }
                missing = status.obstacles.joined(separator: "; ")
            case .failure(let error): missing = error.message
            }
            guard clock.now + Self.pause < deadline else { return try answer.get() }
            if missing != told {
                StandardOutput.noteLine("waiting (\((clock.now - start).brief)): \(missing)")
                told = missing
            }
            try await clock.sleep(for: Self.pause)
        }
    }
}

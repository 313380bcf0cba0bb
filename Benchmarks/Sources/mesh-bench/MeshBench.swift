internal import ArgumentParser
internal import BenchmarkSupport
internal import Foundation
internal import UnixSignals

/// Starts servers one after another, drives them with the same client, and compares them.
@main
struct MeshBench: AsyncParsableCommand {
    private static let usualServers: [ServerKind] = [.etcd, .proxy, .ours, .floor]

    static let configuration = CommandConfiguration(
        commandName: "mesh-bench",
        abstract: "Measures etcd, its grpc-proxy and our servers, driven by the same client, in one run.",
        discussion: """
            The etcd is the one of the variable ETCD, or the newest found. Servers take turns (A B A B); figures are \
            medians over the rounds, with their spread, and as multiples of etcd's and of the floor's: a bare gRPC server \
            that sends constant bytes. Nothing else should run on the machine.
            """
    )

    @Option(help: "A scenario to run, by name; may be repeated. Default: those of a few minutes, or all with --full.")
    var scenario: [String] = []

    @Option(
        help: """
            The servers to measure, separated by commas: \(ServerKind.allValueStrings.joined(separator: ", ")). Default: \
            \(Self.usualServers.map(\.rawValue).joined(separator: ",")), or all with --full.
            """)
    var servers: ServerList?

    @Option(help: "How often each server is measured in each scenario, 1 to 100.")
    var rounds = 1

    @Flag(help: "Loads of a second or two, to see that everything works.")
    var quick = false

    @Flag(help: "Loads of ten seconds, and all scenarios.")
    var full = false

    @Option(help: "Where to write all figures as JSON.")
    var json: String?

    @Flag(help: "Only say which scenarios there are.")
    var list = false

    func validate() throws {
        if quick && full { throw ValidationError("--quick and --full exclude each other") }
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds is \(rounds); it must be 1 to 100") }
        for name in scenario where !ScenarioList.all.contains(where: { $0.name == name }) {
            throw ValidationError("there is no scenario '\(name)'; --list tells their names")
        }
    }

    func run() async throws {
        if list {
            for scenario in ScenarioList.all { print("\(scenario.name): \(scenario.title)") }
            return
        }
        let chosen = ScenarioList.all.filter { scenario in
            self.scenario.isEmpty ? full || scenario.isBrief : self.scenario.contains(scenario.name)
        }
        let run = BenchmarkRun(
            scenarios: chosen, servers: servers?.kinds ?? (full ? ServerKind.allCases : Self.usualServers),
            rounds: rounds,
            pace: quick ? .quick : full ? .full : .standard, starter: try ServerStarter()
        )
        try await Self.endingOnSignals { try await run.perform(writing: json) }
    }

    /// Runs `body`, cancelled by Ctrl-C and SIGTERM, so that it ends what it has started.
    private static func endingOnSignals(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await signal in signals { throw BenchmarkError("ended by \(signal)") }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

/// Servers as they stand on the command line: `etcd,ours`.
struct ServerList: ExpressibleByArgument, Sendable {
    var kinds: [ServerKind]

    init?(argument: String) {
        let kinds = argument.split(separator: ",").map { ServerKind(rawValue: String($0)) }
        guard !kinds.isEmpty, !kinds.contains(nil) else { return nil }
        self.kinds = ServerKind.allCases.filter(kinds.contains)
    }
}

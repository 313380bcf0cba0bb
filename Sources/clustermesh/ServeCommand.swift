internal import ArgumentParser
internal import ClusterMesh
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves one cluster's state to other clusters.",
        discussion: """
            The state comes from files (--state), from the cluster's own agents (--local-listen), or from an etcd \
            (--follow). Every setting can stand in a YAML file instead, under the flag's name without '--'; a flag wins \
            over the file. --name, --id, --cert, --key and --ca are required.

            Changes of the files are taken over within seconds: certificates, revocation lists, state, peers, and \
            what the configuration file says of --read, --write and --revoke. SIGHUP takes them over at once. SIGTERM ends it \
            cleanly.

            Exit codes: 0 it was told to stop; 1 it failed, and the message names the file or the address; 64 a setting \
            is wrong, and the message names the flag, or the file, line and key.
            """
    )

    @OptionGroup var options: ServeOptions

    @Option(help: ArgumentHelp("A YAML file with settings.", valueName: "file"))
    var config: String?

    @Flag(help: "Print one JSON object a line instead of text.")
    var json = false

    /// How long streams and calls may take to end after SIGTERM before they are cut off.
    private static let shutdownLimit = Duration.seconds(10)

    func run() async throws {
        let source = ServeSource(flags: options.settings, file: config)
        let settings: ServeSettings
        let configuration: ServeConfiguration
        do {
            settings = try source.read()
            configuration = try ServeConfiguration(settings)
        } catch {
            StandardOutput.noteLine("Error: \(error)")
            throw ExitCode.validationFailure
        }
        var logger = Logger(label: "clustermesh") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = configuration.logLevel

        // From here on the signal no longer ends the process, which is its default.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let cluster = try ServedCluster(source, settings: settings, logger: logger) { [json] cluster in
            let ready = ReadyLine(cluster)
            StandardOutput.writeLine(json ? ready.json : ready.text)
        }
        var group = ServiceGroupConfiguration(
            services: [.init(service: cluster, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = Self.shutdownLimit
        let services = ServiceGroup(configuration: group)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for await _ in hangups { cluster.reload() }
            }
            defer { tasks.cancelAll() }
            try await services.run()
        }
    }
}

public import MeshCore

/// Runs etcd's command-line client against one server.
public struct Etcdctl: Sendable {
    /// What one run said.
    public struct Result: Sendable {
        /// The standard output.
        public let output: String
        /// The standard error.
        public let errorOutput: String
        /// The exit code.
        public let exitCode: Int32
    }

    /// The URLs of the server, comma-separated.
    public let endpoints: String
    /// The files of the client's credentials.
    public let files: TLSCredentials.Files

    // Keeps the files in place as long as they are needed.
    private let directory: TemporaryDirectory

    /// A client of `endpoints` with `credentials`.
    public init(endpoints: String, credentials: TLSCredentials) throws {
        self.endpoints = endpoints
        directory = try TemporaryDirectory()
        files = try credentials.write(to: directory, as: "client")
    }

    /// Runs one command and waits for its end, whatever its exit code.
    ///
    /// - Parameter input: What it reads from its standard input, as `txn` does.
    public func run(
        _ arguments: String..., input: String = "", within limit: Duration = .seconds(30)
    ) async throws -> Result {
        try await run(arguments, input: input, within: limit)
    }

    /// As the other ``run(_:input:within:)``, with the arguments in an array.
    public func run(
        _ arguments: [String], input: String = "", within limit: Duration = .seconds(30)
    ) async throws -> Result {
        let process = try start(arguments, input: input)
        let exitCode: Int32
        switch try await process.waitForExit(within: limit) {
        case .code(let code): exitCode = code
        case .signal(let signal): exitCode = 128 + signal
        }
        return Result(output: try process.output, errorOutput: try process.errorOutput, exitCode: exitCode)
    }

    /// Starts one command that does not end by itself, as `lock` and `elect` do not; it runs until it is signalled or the
    /// last reference to it goes.
    public func begin(_ arguments: String...) throws -> ChildProcess {
        try start(arguments, input: "")
    }

    /// Starts `watch` with `arguments`; it runs until it is stopped or the last reference to it goes.
    public func watch(_ arguments: String...) throws -> EtcdctlWatch {
        try watch(arguments)
    }

    /// As the other ``watch(_:)``, with the arguments in an array.
    public func watch(_ arguments: [String]) throws -> EtcdctlWatch {
        EtcdctlWatch(try start(["watch"] + arguments, input: ""))
    }

    /// Starts `watch -i`, with all of `commands` typed into it: several watches on one stream.
    public func watchInteractively(_ commands: [String]) throws -> EtcdctlWatch {
        let etcdctl = try Executable.find("etcdctl", variable: "ETCDCTL")
        // It ends at the end of its input, which therefore must not come.
        let script = "{ cat; exec tail -f /dev/null; } | exec \"$0\" \"$@\""
        return EtcdctlWatch(
            try ChildProcess(
                try Executable.find("sh"), ["-c", script, etcdctl] + connection + ["watch", "-i"],
                environment: ["ETCDCTL_API": "3"], input: commands.map { $0 + "\n" }.joined()
            )
        )
    }

    /// Starts to copy the keys with `prefix` into `destination`, and what changes from then on; runs until it is stopped
    /// or the last reference to it goes. Every half a minute it writes how many keys it has copied.
    public func makeMirror(of prefix: String, into destination: EtcdProcess) throws -> ChildProcess {
        let files = destination.etcdctl.files
        return try start(
            [
                "make-mirror", "--prefix", prefix, "--dest-cacert", files.roots, "--dest-cert", files.certificate,
                "--dest-key", files.key, destination.endpoint,
            ],
            input: ""
        )
    }

    private func start(_ arguments: [String], input: String) throws -> ChildProcess {
        try ChildProcess(
            try Executable.find("etcdctl", variable: "ETCDCTL"), connection + arguments,
            environment: ["ETCDCTL_API": "3"], input: input
        )
    }

    /// The arguments that say which server, and as whom.
    private var connection: [String] {
        ["--endpoints", endpoints, "--cacert", files.roots, "--cert", files.certificate, "--key", files.key]
    }
}

/// A running `etcdctl watch`.
public final class EtcdctlWatch: Sendable {
    private let process: ChildProcess

    init(_ process: ChildProcess) {
        self.process = process
    }

    /// The whole lines it has written so far.
    public var lines: [String] {
        get throws {
            // What stands behind the last line's end is a line that is not whole.
            try process.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        }
    }

    /// What it has written to its standard error so far.
    public var errorOutput: String { get throws { try process.errorOutput } }

    /// Waits until there are at least `count` lines, and returns all there are.
    public func lines(atLeast count: Int, within limit: Duration = .seconds(10)) async throws -> [String] {
        let deadline = ContinuousClock.now + limit
        while true {
            let lines = try lines
            if lines.count >= count { return lines }
            guard ContinuousClock.now < deadline else {
                throw DeadlineError(
                    description: "etcdctl watch wrote \(lines.count) of \(count) lines within \(limit): \(lines) "
                        + (try errorOutput)
                )
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits for its end: a watch ends by itself when the server cancels it.
    public func waitForExit(within limit: Duration = .seconds(10)) async throws -> ChildProcess.Exit {
        try await process.waitForExit(within: limit)
    }

    /// Ends it.
    public func stop() { process.kill() }
}

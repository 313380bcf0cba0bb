internal import Foundation
internal import MeshCore

/// A program that a test started. It never outlives the test: it is killed with everything it started when the last
/// reference to it goes, and by the kernel should this process die first.
///
/// Its output goes to files, so that it never waits for a reader.
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum Exit: Hashable, Sendable {
        /// By itself, with this code.
        case code(Int32)
        /// By this signal.
        case signal(Int32)
    }

    /// The process' number, which is also that of its group.
    public let processID: Int32

    private let directory: TemporaryDirectory
    private let exit = Locked<Exit?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: Its path.
    ///   - environment: What is added to this process' environment; `nil` removes a variable.
    ///   - workingDirectory: Where it runs; `nil` is where this process does.
    ///   - input: What it reads from its standard input; nothing by default.
    public init(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String?] = [:],
        workingDirectory: String? = nil,
        input: String = ""
    ) throws {
        let directory = try TemporaryDirectory()
        let streams = [try directory.write(input, to: "stdin"), directory.file("stdout"), directory.file("stderr")]
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        let assignments = variables.map { "\($0)=\($1)" }
        // Started over setpriv, which asks the kernel to kill it with us; the program then takes its place.
        let guardian = Executable.locate("setpriv").map { [$0, "--pdeathsig", "KILL", "--"] } ?? []
        let mover = try workingDirectory.map { [try Executable.find("env"), "--chdir=\($0)"] } ?? []
        let command = guardian + mover + [executable] + arguments
        let spawned = SpawningThread.shared.perform {
            Self.spawn(command, assignments, streams)
        }
        guard let spawned else { throw SystemCallError("spawn", ECHILD) }
        self.processID = try spawned.get()
        self.directory = directory
    }

    deinit {
        kill()
        if poll() == nil {
            // SIGKILL is on its way: this wait is short.
            var status: Int32 = 0
            waitpid(processID, &status, 0)
        }
    }

    /// What it has written to its standard output so far.
    public var output: String { get throws { try directory.read("stdout") } }

    /// What it has written to its standard error so far.
    public var errorOutput: String { get throws { try directory.read("stderr") } }

    /// How it ended; `nil` while it runs.
    public func poll() -> Exit? {
        exit.withLock { exit in
            if exit == nil {
                var status: Int32 = 0
                if waitpid(processID, &status, WNOHANG) == processID { exit = Self.meaning(of: status) }
            }
            return exit
        }
    }

    /// Waits for its end.
    public func waitForExit(within limit: Duration) async throws -> Exit {
        let deadline = ContinuousClock.now + limit
        while true {
            if let exit = poll() { return exit }
            guard ContinuousClock.now < deadline else {
                throw DeadlineError(description: "process \(processID) did not end within \(limit)")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Sends a signal to it and to everything it started.
    public func signal(_ number: Int32) {
        // Under the lock that also guards reaping: until it is reaped, its number is nobody else's.
        exit.withLock { exit in
            if exit == nil { Foundation.kill(-processID, number) }
        }
    }

    /// Kills it and everything it started, at once.
    public func kill() { signal(SIGKILL) }

    private static func meaning(of status: Int32) -> Exit {
        // As <sys/wait.h> has it in macros.
        let signal = status & 0x7F
        return signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
    }

    private static func spawn(
        _ command: [String], _ environment: [String], _ streams: [String]
    ) -> Result<Int32, SystemCallError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, streams[0], O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, streams[1], O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, streams[2], O_WRONLY | O_CREAT | O_APPEND, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own; no signal blocked, and none ignored because this process does.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )

        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var processID: pid_t = 0
        let failure = posix_spawn(&processID, command[0], &actions, &attributes, arguments, variables)
        guard failure == 0 else { return .failure(SystemCallError("spawn \(command[0])", failure)) }
        return .success(processID)
    }
}

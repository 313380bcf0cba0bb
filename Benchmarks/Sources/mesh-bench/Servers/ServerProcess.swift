internal import BenchmarkSupport
internal import Foundation
internal import MeshCore

/// A server in a process of its own, which never outlives this one: the kernel kills it should this process die first.
final class ServerProcess: Sendable {
    /// What the kernel says of it.
    let figures: ProcessFigures

    private let name: String
    private let directory: WorkDirectory
    private let input: Int32
    /// Whether it has ended and was reaped; its number may be another process' then.
    private let isReaped = Locked(false)

    /// Starts a program. What it prints goes to files of `directory` that are named after `name`.
    static func start(
        _ name: String, _ executable: String, _ arguments: [String], in directory: WorkDirectory
    ) async throws -> ServerProcess {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw BenchmarkError("no pipe for \(name)") }
        // Else the next server would hold this one's input open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let input = ends[0]
        defer { close(input) }
        // It is started over setpriv, which asks the kernel to kill it with us; the program then takes its place.
        let command = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", executable] + arguments
        let outputs = [directory.file("\(name).out"), directory.file("\(name).log")]
        let (processID, failure) = await SpawningThread.shared.perform { spawn(command, input, outputs) }
        guard failure == 0 else {
            close(ends[1])
            throw BenchmarkError("\(name) does not start: \(String(cString: strerror(failure)))")
        }
        return ServerProcess(name, processID, ends[1], directory)
    }

    private init(_ name: String, _ processID: Int32, _ input: Int32, _ directory: WorkDirectory) {
        self.name = name
        self.input = input
        self.directory = directory
        figures = ProcessFigures(of: processID)
    }

    deinit {
        close(input)
        signal(SIGKILL)
        if !isReaped.withLock({ $0 }) { waitpid(figures.processID, nil, 0) }
    }

    /// What it has printed so far.
    var output: String { directory.read("\(name).out") }

    /// The last lines of what it has logged, for people.
    var endOfLog: String {
        (output + directory.read("\(name).log")).split(separator: "\n").suffix(12).joined(separator: "\n")
    }

    /// Whether it still runs.
    var isRunning: Bool {
        isReaped.withLock { isReaped in
            if !isReaped, waitpid(figures.processID, nil, WNOHANG) == figures.processID { isReaped = true }
            return !isReaped
        }
    }

    /// Writes a line to its standard input.
    func tell(_ line: String) throws {
        let bytes = Array((line + "\n").utf8)
        guard write(input, bytes, bytes.count) == bytes.count else { throw BenchmarkError("\(name) does not listen") }
    }

    /// Awaits a line of its output that is such a value in JSON: the first of these, or the one behind `known` of them.
    func line<Line: Decodable>(
        _ type: Line.Type, after known: Int = 0, within limit: Duration = .seconds(30)
    ) async throws -> Line {
        let deadline = ContinuousClock.now + limit
        while true {
            let isRunning = isRunning
            let complete = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            let values = complete.compactMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
            if values.count > known { return values[known] }
            guard isRunning else { throw BenchmarkError("\(name) has ended:\n\(endOfLog)") }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError("\(name) said nothing within \(limit):\n\(endOfLog)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Asks it to end and waits for that; kills it after 5 s. The task's cancellation does not disturb it.
    func stop() {
        signal(SIGTERM)
        let deadline = MonotonicTime.now + 5_000_000_000
        while isRunning {
            if MonotonicTime.now > deadline { signal(SIGKILL) }
            usleep(2_000)
        }
    }

    private func signal(_ number: Int32) {
        isReaped.withLock { isReaped in
            if !isReaped { _ = kill(figures.processID, number) }
        }
    }

    private static func spawn(_ command: [String], _ input: Int32, _ outputs: [String]) -> (Int32, failure: Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        for (descriptor, path) in zip([1, 2] as [Int32], outputs) {
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that a Ctrl-C is this process' business; no signal blocked.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var processID: pid_t = 0
        let failure = posix_spawn(&processID, command[0], &actions, &attributes, arguments, environ)
        return (processID, failure)
    }
}

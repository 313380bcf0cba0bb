import Foundation
import TestSupport
import Testing

@Suite struct ChildProcessTests {
    @Test func tellsWhatTheProgramWroteAndHowItEnded() async throws {
        let child = try ChildProcess(
            "/bin/sh", ["-c", "cat; echo \"$WORD\"; echo no >&2; exit 3"],
            environment: ["WORD": "yes"], input: "in\n")
        #expect(try await child.waitForExit(within: .seconds(10)) == .code(3))
        #expect(try child.output == "in\nyes\n")
        #expect(try child.errorOutput == "no\n")
    }

    @Test func tellsTheSignalThatEndedIt() async throws {
        let child = try ChildProcess("/bin/sleep", ["600"])
        #expect(child.poll() == nil)
        child.kill()
        #expect(try await child.waitForExit(within: .seconds(10)) == .signal(SIGKILL))
        // Reaped: a further signal reaches nobody.
        child.signal(SIGTERM)
        #expect(child.poll() == .signal(SIGKILL))
    }

    @Test func runsWhereItIsTold() async throws {
        let directory = try TemporaryDirectory()
        let child = try ChildProcess("/bin/pwd", [], workingDirectory: directory.path)
        #expect(try await child.waitForExit(within: .seconds(10)) == .code(0))
        #expect(try child.output == directory.path + "\n")
    }

    @Test func goesWithItsLastReferenceAndTakesItsOwnChildrenAlong() async throws {
        var child: ChildProcess? = try ChildProcess("/bin/sh", ["-c", "sleep 600 & echo $!; wait"])
        var text = ""
        try await eventually {
            text = try child?.output ?? ""
            return text.hasSuffix("\n")
        }
        let grandchild = try #require(Int32(text.dropLast()))
        let number = try #require(child?.processID)
        #expect(isRunning(number))
        #expect(isRunning(grandchild))
        child = nil
        #expect(!isRunning(number))
        try await eventually { !isRunning(grandchild) }
    }

    @Test func aWaitHasADeadline() async throws {
        let child = try ChildProcess("/bin/sleep", ["600"])
        await #expect(throws: DeadlineError.self) { try await child.waitForExit(within: .milliseconds(20)) }
    }

    @Test func aProgramThatIsMissingIsNamed() async throws {
        #expect(throws: MissingProgramError.self) { try Executable.find("no-such-program") }
        // Found out by setpriv, which then ends at once.
        let child = try ChildProcess("/no/such/program", [])
        #expect(try await child.waitForExit(within: .seconds(10)) != .code(0))
        #expect(try child.errorOutput.contains("/no/such/program"))
    }

    /// Whether the process is there and is no zombie (init takes its time to reap what it inherited).
    private func isRunning(_ number: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8) else { return false }
        return !status.contains(") Z ")
    }
}

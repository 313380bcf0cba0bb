import Foundation
import TestSupport
import Testing

/// Runs the built program in a directory of its own.
struct Tool {
    struct Result {
        var output: String
        var errorOutput: String
        var exitCode: Int32
    }

    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Runs it; moments in what it prints become `<time>`, so that they can be compared.
    func run(_ arguments: String...) async throws -> Result {
        try await run(arguments)
    }

    /// As the other ``run(_:)``, with the arguments in an array.
    func run(_ arguments: [String]) async throws -> Result {
        let process = try begin(arguments)
        let exit = try await process.waitForExit(within: .seconds(30))
        guard case .code(let code) = exit else {
            Issue.record("clustermesh ended by \(exit)")
            return Result(output: "", errorOutput: "", exitCode: -1)
        }
        return Result(
            output: Self.timeless(try process.output), errorOutput: Self.timeless(try process.errorOutput),
            exitCode: code
        )
    }

    /// Starts it and waits for nothing.
    func begin(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(
            try Executable.ownDirectory + "/clustermesh", arguments, environment: ["COLUMNS": "80"],
            workingDirectory: directory.path
        )
    }

    /// The flags that say where to ask, and as the holder of which certificate.
    func connection(_ endpoint: String, as name: String) throws -> [String] {
        let files = try TestCertificates.client(name).write(to: directory, as: name)
        return ["--endpoint", endpoint, "--cert", files.certificate, "--key", files.key, "--ca", files.roots]
    }

    private static func timeless(_ text: String) -> String {
        text.replacing(#/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/#, with: "<time>")
    }
}

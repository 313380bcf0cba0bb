/// Runs the `openssl` command, as a second opinion on what this project issues and reads.
public enum OpenSSLTool {
    /// Whether it is installed.
    public static let isInstalled = Executable.locate("openssl") != nil

    /// What one run said.
    public struct Result: Sendable {
        /// The standard output.
        public let output: String
        /// The standard error.
        public let errorOutput: String
        /// Whether the exit code was 0.
        public let succeeded: Bool
    }

    /// Runs one command in `directory`, whatever comes of it.
    public static func run(_ arguments: String..., in directory: TemporaryDirectory) async throws -> Result {
        try await run(arguments, in: directory)
    }

    /// As the other ``run(_:in:)``, with the arguments in an array.
    public static func run(_ arguments: [String], in directory: TemporaryDirectory) async throws -> Result {
        let process = try ChildProcess(
            try Executable.find("openssl"), arguments, workingDirectory: directory.path
        )
        let exit = try await process.waitForExit(within: .seconds(30))
        return Result(
            output: try process.output, errorOutput: try process.errorOutput, succeeded: exit == .code(0)
        )
    }
}

internal import ArgumentParser
internal import ClusterMesh
internal import Logging

struct ReadyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ready",
        abstract: "Says that a cluster's state is complete.",
        discussion: """
            For agents that write a cluster's state from outside, once they have written all of it: until then other \
            clusters take nothing from it, since a store that is still filling looks like a mass deletion. Saying it \
            again is harmless. The certificate must be one that may write.

            Exit codes: 0 it is declared; 1 it is not, and the message says why; 64 the arguments are wrong.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Where the cluster's own agents write: 'https://host:port' or 'unix:path', as 'serve' prints it.",
            valueName: "url"),
        transform: address)
    var endpoint: LocalAddress

    @Option(help: ArgumentHelp("The certificate of a writer, in PEM.", valueName: "file"))
    var cert: String

    @Option(help: ArgumentHelp("Its private key, in PEM.", valueName: "file"))
    var key: String

    @Option(
        help: ArgumentHelp("The authorities that the agent's certificate must come from, in PEM.", valueName: "file"))
    var ca: String

    func run() async throws {
        let credentials = try TLSCredentials.load(certificate: cert, key: key, roots: ca, purpose: .client)
        let client = AgentClient(
            address: endpoint, credentials: credentials, verifier: .mesh(),
            // What went wrong is in the error.
            logger: Logger(label: "clustermesh") { _ in SwiftLogNoOpLogHandler() })
        let revision = try await client.declareInitialStateComplete()
        print("the state is declared complete, at revision \(revision)")
    }

    /// An address as `serve` prints it for etcd's clients, or as it is told to `serve`.
    private static func address(_ text: String) throws -> LocalAddress {
        for scheme in ["https://", "unixs://"] where text.hasPrefix(scheme) {
            let address = text.dropFirst(scheme.count)
            return try LocalAddress(parsing: scheme == "unixs://" ? "unix:\(address)" : "\(address)")
        }
        return try LocalAddress(parsing: text)
    }
}

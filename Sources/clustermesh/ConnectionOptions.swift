internal import ArgumentParser
internal import ClusterMesh
internal import Logging

/// Where an endpoint is, and who asks there: the same flags for every command that asks something.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to ask: 'https://host:port' or 'unix:path', as 'serve' prints it.", valueName: "url"),
        transform: { try Self.address($0) })
    var endpoint: LocalAddress

    @Option(help: ArgumentHelp("The certificate to show there, in PEM.", valueName: "file"))
    var cert: String

    @Option(help: ArgumentHelp("Its private key, in PEM.", valueName: "file"))
    var key: String

    @Option(
        help: ArgumentHelp("The authorities that the endpoint's certificate must come from, in PEM.", valueName: "file")
    )
    var ca: String

    /// What the files say.
    func credentials() throws -> TLSCredentials {
        try TLSCredentials.load(certificate: cert, key: key, roots: ca, purpose: .client)
    }

    /// A client of the agent there.
    func agent() throws -> AgentClient {
        AgentClient(address: endpoint, credentials: try credentials(), verifier: .mesh(), logger: Self.logger)
    }

    /// A reader of the etcd v3 server there, for as long as `body` runs.
    func inspecting(_ body: (EtcdInspector) async throws -> Void) async throws {
        do {
            let inspector = try EtcdInspector(address: endpoint, credentials: try credentials(), logger: Self.logger)
            do {
                try await body(inspector)
            } catch {
                await inspector.shutDown()
                throw error
            }
            await inspector.shutDown()
        } catch let error as EtcdError {
            throw ToolError(error.message)
        }
    }

    /// Says nothing: what went wrong is in the error.
    private static let logger = Logger(label: "clustermesh") { _ in SwiftLogNoOpLogHandler() }

    /// An address as `serve` prints it for etcd's clients, or as it is told to `serve`.
    private static func address(_ text: String) throws -> LocalAddress {
        for scheme in ["https://", "unixs://"] where text.hasPrefix(scheme) {
            let address = text.dropFirst(scheme.count)
            return try LocalAddress(parsing: scheme == "unixs://" ? "unix:\(address)" : "\(address)")
        }
        return try LocalAddress(parsing: text)
    }
}

/// What went wrong, in words for who called the tool.
struct ToolError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

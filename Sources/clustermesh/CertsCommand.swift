internal import ArgumentParser
internal import MeshCore
internal import MeshTLS

struct CertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs",
        abstract: "Makes a mesh's authorities and certificates.",
        discussion: """
            A cluster's certificates are in one directory, which all other commands expect as well:

              ca.crt                   the authority that the cluster trusts
              ca.key                   its private key, only where the authority was made
              server.crt, server.key   what the cluster's endpoint shows
              clients/NAME.crt, .key   what a client shows

            Clusters that share an authority trust each other. One makes it, the others inherit it: --ca names the \
            directory it was made in, and its certificate is copied, never its key.

              clustermesh certs ca     --cluster athens --out athens
              clustermesh certs server --cluster athens --out athens
              clustermesh certs server --cluster hurup --ca athens --out hurup
              clustermesh certs client --cluster hurup --ca athens --out hurup

            Private keys are readable by their owner only.
            """,
        subcommands: [CertsAuthorityCommand.self, CertsServerCommand.self, CertsClientCommand.self]
    )
}

/// What the commands that make certificates have in common.
struct CertsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The cluster's name: 1 to 32 of a-z, 0-9 and '-'.", valueName: "name"),
        transform: { try ClusterName($0) })
    var cluster: ClusterName

    @Option(help: ArgumentHelp("The directory to write to; it is made if it is missing.", valueName: "directory"))
    var out: String

    @Flag(help: "Replace what is there already.")
    var force = false

    var directory: ClusterDirectory { ClusterDirectory(out) }

    /// Runs `body`; where it meets a file that it does not replace, the error says how to have it replaced.
    func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch var error as TLSError where error.code == .fileExists {
            error.message += "; --force replaces it"
            throw error
        }
    }
}

/// A number of days that a certificate lasts.
struct ValidityOption: ExpressibleByArgument {
    static let days = 1...36_500

    let duration: Duration

    init?(argument: String) {
        guard let days = Int(argument), Self.days.contains(days) else { return nil }
        duration = .seconds(86_400 * days)
    }

    init(_ duration: Duration) {
        self.duration = duration
    }

    var defaultValueDescription: String { String(duration.components.seconds / 86_400) }
}

/// Prints files with what is in them, in two columns.
struct FileReport {
    private var lines: [(file: String, content: String)] = []

    mutating func add(_ file: String, _ content: String) {
        lines.append((file, content))
    }

    /// Adds a certificate with what matters of it, and its key.
    mutating func add(_ certificate: String, key: String) throws {
        for description in try CertificateInspector.inspect(file: certificate).prefix(1) {
            let names =
                description.dnsNames.map { "DNS:\($0)" } + description.ipAddresses.map { "IP:\($0)" }
            let list = names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"
            add(certificate, "\(description.subject)\(list), valid until \(UTCTime.text(description.notAfter))")
        }
        add(key, "its private key")
    }

    func print() {
        let width = lines.map(\.file.count).max() ?? 0
        for (file, content) in lines {
            Swift.print(file + String(repeating: " ", count: width - file.count + 2) + content)
        }
    }
}

internal import ArgumentParser
internal import MeshTLS

struct CertsClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Issues a client's certificate.",
        discussion: """
            Servers know the client by the certificate's common name, and give it what that name may read: \
            remote-NAME is an agent of the cluster NAME. It is good for clients only.
            """
    )

    @OptionGroup var options: CertsOptions

    @Option(
        help: ArgumentHelp(
            "The directory in which the authority was made (default: that of --out).", valueName: "directory"))
    var ca: String?

    @Option(help: ArgumentHelp("The common name (default: remote-NAME of --cluster).", valueName: "name"))
    var cn: String?

    @Option(
        help: ArgumentHelp("How many days it lasts (1 to 36500), at most as long as the authority.", valueName: "days"))
    var days = ValidityOption(CertificateAuthority.defaultLeafValidity)

    func run() throws {
        try options.reporting(make)
    }

    private func make() throws {
        let directory = options.directory
        let issuer = ClusterDirectory(ca ?? options.out)
        let commonName = cn ?? "remote-\(options.cluster)"
        // Asked first: nothing is written for a name that cannot be a file's.
        let (certificate, key) = (try directory.clientCertificate(commonName), try directory.clientKey(commonName))
        let issued = try issuer.loadAuthority().issueClient(commonName: commonName, validity: days.duration)
        var report = FileReport()
        if try directory.inheritAuthority(from: issuer, replacing: options.force) {
            report.add(directory.authorityCertificate, "the authority, inherited from \(issuer)")
        }
        try directory.saveClient(issued, commonName: commonName, replacing: options.force)
        try report.add(certificate, key: key)
        report.print()
    }
}

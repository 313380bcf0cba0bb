internal import ArgumentParser
internal import MeshTLS

struct CertsServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Issues the certificate of a cluster's endpoint.",
        discussion: """
            It is for NAME.mesh.cilium.io, localhost, 127.0.0.1 and ::1, and for what --dns and --ip add. It is good \
            for servers only.
            """
    )

    @OptionGroup var options: CertsOptions

    @Option(
        help: ArgumentHelp(
            "The directory in which the authority was made (default: that of --out).", valueName: "directory"))
    var ca: String?

    @Option(help: ArgumentHelp("A further DNS name of the endpoint; may be given again.", valueName: "name"))
    var dns: [String] = []

    @Option(help: ArgumentHelp("A further IP address of the endpoint; may be given again.", valueName: "address"))
    var ip: [String] = []

    @Option(
        help: ArgumentHelp("How many days it lasts (1 to 36500), at most as long as the authority.", valueName: "days"))
    var days = ValidityOption(CertificateAuthority.defaultLeafValidity)

    func run() throws {
        try options.reporting(make)
    }

    private func make() throws {
        let directory = options.directory
        let issuer = ClusterDirectory(ca ?? options.out)
        let issued = try issuer.loadAuthority().issueServer(
            cluster: options.cluster, extraDNSNames: dns, extraIPAddresses: ip, validity: days.duration
        )
        var report = FileReport()
        if try directory.inheritAuthority(from: issuer, replacing: options.force) {
            report.add(directory.authorityCertificate, "the authority, inherited from \(issuer)")
        }
        try directory.saveServer(issued, replacing: options.force)
        try report.add(directory.serverCertificate, key: directory.serverKey)
        report.print()
    }
}

internal import ArgumentParser
internal import MeshTLS

struct CertsAuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Makes an authority, or inherits another cluster's.",
        discussion: """
            Without --ca a new authority is made. Keep its ca.key safe: whoever has it can be any cluster of the mesh. \
            With --ca another cluster's authority is trusted from now on: its certificate is copied, its key is not.
            """
    )

    @OptionGroup var options: CertsOptions

    @Option(
        help: ArgumentHelp("The directory of the cluster whose authority is inherited.", valueName: "directory"))
    var ca: String?

    @Option(help: ArgumentHelp("How many days a new authority lasts (1 to 36500).", valueName: "days"))
    var days = ValidityOption(CertificateAuthority.defaultValidity)

    func run() throws {
        try options.reporting(make)
    }

    private func make() throws {
        let directory = options.directory
        var report = FileReport()
        if let ca {
            try directory.inheritAuthority(from: ClusterDirectory(ca), replacing: options.force)
            let name = try CertificateInspector.inspect(file: directory.authorityCertificate).first?.subject ?? ""
            report.add(directory.authorityCertificate, "the authority \(name), inherited from \(ca)")
        } else {
            let authority = try CertificateAuthority.create(
                commonName: "\(options.cluster) mesh CA", validity: days.duration
            )
            try directory.save(authority, replacing: options.force)
            try report.add(directory.authorityCertificate, key: directory.authorityKey)
        }
        report.print()
    }
}

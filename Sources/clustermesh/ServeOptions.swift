internal import ArgumentParser
internal import ClusterMesh

/// The settings of `clustermesh serve` as flags: one for each ``ServeKey``, of the same name.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The cluster's name: 1 to 32 of a-z, 0-9 and '-'.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The cluster's number: 1 to 255, or 511 with --max-clusters 511.", valueName: "number"))
    var id: String?

    @Option(
        help: ArgumentHelp(
            "How many clusters the mesh can have: 255 or 511 (default: 255).", valueName: "number"))
    var maxClusters: String?

    @Option(
        help: ArgumentHelp(
            "Where other clusters connect to; port 0 takes a free one (default: 127.0.0.1:2379).",
            valueName: "address:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "A URL at which clients reach it, for etcd's member list; may be given again (default: as --listen).",
            valueName: "url"))
    var advertise: [String] = []

    @Option(help: ArgumentHelp("The endpoint's certificate, in PEM.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("Its private key, in PEM.", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("The authorities that clients' certificates must come from, in PEM.", valueName: "file"))
    var ca: String?

    @Option(help: ArgumentHelp("Revocation lists of these authorities, in PEM.", valueName: "file"))
    var crl: String?

    @Option(
        help: ArgumentHelp(
            "A certificate that is refused: 'cn:NAME', 'serial:HEX' or 'sha256:HEX'; may be given again.",
            valueName: "certificate"))
    var revoke: [String] = []

    @Option(
        help: ArgumentHelp(
            "The cluster's state: *.jsonl files, read again when they change.", valueName: "directory"))
    var state: String?

    @Option(
        help: ArgumentHelp(
            "Where the cluster's own agents write: 'address:port' or 'unix:path' (default: nowhere).",
            valueName: "address"))
    var localListen: String?

    @Option(
        help: ArgumentHelp(
            "The clusters to mirror: a directory with one file each, read again when they change.",
            valueName: "directory"))
    var peers: String?

    @Option(
        help: ArgumentHelp(
            "Where the cluster's own agents read what is mirrored (default: nowhere).", valueName: "address:port"))
    var cacheListen: String?

    @Option(
        help: ArgumentHelp(
            "An endpoint of an etcd whose state is served instead of an own one; may be given again.", valueName: "url")
    )
    var follow: [String] = []

    @Option(
        help: ArgumentHelp("The certificate to show to the followed etcd (default: as --cert).", valueName: "file"))
    var followCert: String?

    @Option(help: ArgumentHelp("Its private key (default: as --key).", valueName: "file"))
    var followKey: String?

    @Option(
        help: ArgumentHelp(
            "The authorities that the followed etcd's certificate must come from (default: as --ca).",
            valueName: "file"))
    var followCa: String?

    @Option(
        help: ArgumentHelp(
            "Who may read what, besides other clusters, such as 'cn:bench=*'; may be given again.",
            valueName: "match=range"))
    var read: [String] = []

    @Option(
        help: ArgumentHelp(
            "Who may write on the local listener; may be given again (default: cn:admin-NAME).", valueName: "match"))
    var write: [String] = []

    @Flag(help: "Take what the cluster caches of others on the local listener.")
    var allowCacheWrites = false

    @Option(
        help: ArgumentHelp(
            "The addresses of the cluster's pods, which 'connect' compares; may be given again.", valueName: "cidr"))
    var podCidr: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is logged: trace, debug, info, notice, warning, error or critical (default: info).",
            valueName: "level"))
    var logLevel: String?

    /// What these flags set.
    var settings: ServeSettings {
        var settings = ServeSettings()
        for key in ServeKey.allCases { settings.setFlag(key, texts(of: key)) }
        return settings
    }

    private func texts(of key: ServeKey) -> [String] {
        func one(_ text: String?) -> [String] { text.map { [$0] } ?? [] }
        return switch key {
        case .name: one(name)
        case .id: one(id)
        case .maximumClusters: one(maxClusters)
        case .listen: one(listen)
        case .advertise: advertise
        case .certificate: one(cert)
        case .key: one(self.key)
        case .authorities: one(ca)
        case .revocationLists: one(crl)
        case .revoke: revoke
        case .state: one(state)
        case .localListen: one(localListen)
        case .peers: one(peers)
        case .cacheListen: one(cacheListen)
        case .follow: follow
        case .followCertificate: one(followCert)
        case .followKey: one(followKey)
        case .followAuthorities: one(followCa)
        case .read: read
        case .write: write
        case .allowCacheWrites: allowCacheWrites ? ["true"] : []
        case .podCIDRs: podCidr
        case .logLevel: one(logLevel)
        }
    }
}

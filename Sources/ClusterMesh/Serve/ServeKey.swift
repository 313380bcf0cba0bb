/// A setting of `clustermesh serve`: the same word is a key of its configuration file and, behind `--`, a flag.
public enum ServeKey: String, CaseIterable, Hashable, Sendable, CustomStringConvertible {
    /// The cluster's name. Required.
    case name
    /// The cluster's number, 1…255 (1…511 with ``maximumClusters`` 511). Required.
    case id
    /// How many clusters the mesh can have: 255, the default, or 511; the same in all its clusters.
    case maximumClusters = "max-clusters"
    /// Where other clusters connect to: `address:port`. Default `127.0.0.1:2379`.
    case listen
    /// A URL at which clients reach the endpoint, for etcd's member list. Default: the address that is listened on.
    case advertise
    /// The file of the endpoint's certificate. Required.
    case certificate = "cert"
    /// The file of its private key. Required.
    case key
    /// The file of the authorities that clients' certificates must come from. Required.
    case authorities = "ca"
    /// A file of revocation lists of these authorities.
    case revocationLists = "crl"
    /// Certificates that are refused: `cn:NAME`, `serial:HEX` or `sha256:HEX`.
    case revoke
    /// A directory of state files.
    case state
    /// Where the cluster's own agents write: `address:port` or `unix:path`. Default: nowhere.
    case localListen = "local-listen"
    /// A directory of files, one for each cluster to mirror.
    case peers
    /// Where the cluster's own agents read what is mirrored: `address:port`. Default: nowhere.
    case cacheListen = "cache-listen"
    /// An endpoint of the etcd to follow: `https://host:port`; one to five.
    case follow
    /// The file of the certificate to show to the followed etcd. Default: that of ``certificate``.
    case followCertificate = "follow-cert"
    /// The file of its private key. Default: that of ``key``.
    case followKey = "follow-key"
    /// The file of the authorities that the followed etcd's certificate must come from. Default: that of
    /// ``authorities``.
    case followAuthorities = "follow-ca"
    /// Who may read what, besides other clusters: `MATCH=RANGE`.
    case read
    /// Who may write on the local listener: `MATCH`. Default: `cn:admin-` and the cluster's name.
    case write
    /// Whether the local listener takes what a cluster caches of others: `true` or `false`. Default `false`.
    case allowCacheWrites = "allow-cache-writes"
    /// The addresses of the cluster's pods, as CIDRs: `clustermesh connect` compares them.
    case podCIDRs = "pod-cidr"
    /// The least important messages that are logged: `trace`, `debug`, `info`, `notice`, `warning`, `error` or
    /// `critical`. Default `info`.
    case logLevel = "log-level"

    /// Whether it can have several values: a list in the file, a flag given again.
    public var isList: Bool {
        switch self {
        case .advertise, .revoke, .follow, .read, .write, .podCIDRs: true
        case .name, .id, .maximumClusters, .listen, .certificate, .key, .authorities, .revocationLists, .state,
            .localListen, .peers, .cacheListen, .followCertificate, .followKey, .followAuthorities, .allowCacheWrites,
            .logLevel:
            false
        }
    }

    /// Whether its value is a file or a directory. In a configuration file, one that does not begin with `/` is meant to
    /// stand beside that file.
    public var isPath: Bool {
        switch self {
        case .certificate, .key, .authorities, .revocationLists, .state, .peers, .followCertificate, .followKey,
            .followAuthorities:
            true
        case .name, .id, .maximumClusters, .listen, .advertise, .revoke, .localListen, .cacheListen, .follow, .read,
            .write, .allowCacheWrites, .podCIDRs, .logLevel:
            false
        }
    }

    /// Whether a process that runs takes a new value over; the others are fixed until it is started anew.
    public var isChangeable: Bool {
        switch self {
        case .revoke, .read, .write: true
        case .name, .id, .maximumClusters, .listen, .advertise, .certificate, .key, .authorities, .revocationLists,
            .state, .localListen, .peers, .cacheListen, .follow, .followCertificate, .followKey, .followAuthorities,
            .allowCacheWrites, .podCIDRs, .logLevel:
            false
        }
    }

    public var description: String { rawValue }
}

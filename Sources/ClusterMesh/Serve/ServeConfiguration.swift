public import Logging
public import MeshClient
public import MeshCore
public import MeshLocalAPI
internal import MeshReplica
public import MeshWatcher

/// What `clustermesh serve` serves, and how: every setting of ``ServeKey``, checked.
///
/// Made from ``ServeSettings``, whatever mixture of flags and file they come from; files that it names are not looked at.
public struct ServeConfiguration: Sendable {
    /// An etcd whose state is served instead of a state of one's own.
    public struct Followed: Hashable, Sendable {
        /// Where it is reached; one to `ReplicaConfiguration.maximumEndpoints`.
        public var endpoints: [EtcdEndpoint]
        /// The file of the certificate that is shown to it.
        public var certificate: String
        /// The file of that certificate's private key.
        public var key: String
        /// The file of the authorities that its certificate must come from.
        public var authorities: String
    }

    /// The cluster's name.
    public var name: ClusterName
    /// The cluster's number.
    public var id: ClusterID
    /// How many clusters the mesh can have.
    public var idSpace: ClusterID.Space
    /// The IP address, or the name, that other clusters' connections are taken at.
    public var host: String
    /// The port of the same; 0 is a free one.
    public var port: Int
    /// The URLs at which clients reach the endpoint; empty for the one that is listened on.
    public var advertised: [String]
    /// The file of the endpoint's certificate.
    public var certificate: String
    /// The file of its private key.
    public var key: String
    /// The file of the authorities that clients' certificates must come from.
    public var authorities: String
    /// The file of these authorities' revocation lists, if there is one.
    public var revocationLists: String?
    /// The certificates that are refused, besides those of the lists.
    public var revoked: RevokedCertificates
    /// The directory of state files, if there is one.
    public var state: StateDirectory?
    /// Where the cluster's own agents write; `nil` where nobody does.
    public var localListen: LocalAddress?
    /// The directory of the files of peers, if there is one.
    public var peers: String?
    /// Where the cluster's own agents read what is mirrored; `nil` where nobody does. Never a Unix socket.
    public var cacheListen: LocalAddress?
    /// The etcd that is followed, if one is.
    public var followed: Followed?
    /// Who may read what, besides other clusters.
    public var readers: [AccessRole]
    /// Who may write on the local listener.
    public var writers: [AccessRole.Match]
    /// Whether the local listener takes what is cached of other clusters.
    public var allowsCacheWrites: Bool
    /// The addresses of the cluster's pods, for whoever connects it with another one.
    public var podCIDRs: [IPPrefix]
    /// The least important messages that are logged.
    public var logLevel: Logger.Level

    /// Reads and checks settings.
    ///
    /// - Throws: ``ServeConfigurationError`` with the place of what is missing, wrong, or contrary to something else.
    public init(_ settings: ServeSettings) throws(ServeConfigurationError) {
        let reader = SettingsReader(settings)
        name = try reader.required(.name) { text in try ClusterName(text) }
        let space = try reader.value(.maximumClusters, default: ClusterID.Space.clusters255) { text in
            guard let space = Int(text).flatMap(ClusterID.Space.init(rawValue:)) else {
                throw SettingFault("'\(text)' is neither 255 nor 511")
            }
            return space
        }
        idSpace = space
        id = try reader.required(.id) { text in
            guard let number = Int(text) else { throw SettingFault("'\(text)' is not a number") }
            return try ClusterID(number, in: space)
        }
        (host, port) = try reader.value(.listen, default: ("127.0.0.1", EtcdEndpoint.defaultPort)) { text in
            switch try? LocalAddress(parsing: text) {
            case .tcp(let host, let port): return (host, port)
            case .unix: throw SettingFault("other clusters cannot reach a Unix socket; give ADDRESS:PORT")
            case nil:
                throw SettingFault("'\(text)' is no address to listen on; give ADDRESS:PORT, such as 0.0.0.0:2379")
            }
        }
        advertised = try reader.values(.advertise) { text in
            _ = try EtcdEndpoint(url: text)
            return text
        }
        let files = (
            certificate: try reader.required(.certificate, as: Self.path),
            key: try reader.required(.key, as: Self.path),
            authorities: try reader.required(.authorities, as: Self.path)
        )
        (certificate, key, authorities) = files
        revocationLists = try reader.value(.revocationLists, as: Self.path)
        var revoked = RevokedCertificates()
        _ = try reader.values(.revoke) { try revoked.insert(parsing: $0) }
        self.revoked = revoked
        state = try reader.value(.state) { StateDirectory(try Self.path($0)) }
        localListen = try reader.value(.localListen) { try LocalAddress(parsing: $0) }
        peers = try reader.value(.peers, as: Self.path)
        cacheListen = try reader.value(.cacheListen) { text in
            let address = try LocalAddress(parsing: text)
            if case .unix = address { throw SettingFault("copies are not served on a Unix socket; give ADDRESS:PORT") }
            return address
        }
        followed = try Self.followed(reader, files)
        readers = try reader.values(.read) { try AccessRole(parsing: $0) }
        let isWriter = try reader.values(.write) { try AccessRole.Match(parsing: $0) }
        writers = isWriter.isEmpty ? [.commonName("admin-\(name)")] : isWriter
        allowsCacheWrites = try reader.value(.allowCacheWrites, default: false) { text in
            guard let isAllowed = Bool(text) else { throw SettingFault("'\(text)' is neither true nor false") }
            return isAllowed
        }
        podCIDRs = try reader.values(.podCIDRs) { try IPPrefix($0) }
        logLevel = try reader.value(.logLevel, default: .info) { text in
            guard let level = Logger.Level(rawValue: text) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw SettingFault("'\(text)' is none of \(levels)")
            }
            return level
        }
        try Self.checkTogether(reader)
    }

    private static func followed(
        _ reader: SettingsReader, _ files: (certificate: String, key: String, authorities: String)
    ) throws(ServeConfigurationError) -> Followed? {
        let endpoints = try reader.values(.follow) { try EtcdEndpoint(url: $0) }
        guard !endpoints.isEmpty else { return nil }
        let most = ReplicaConfiguration.maximumEndpoints
        guard endpoints.count <= most else {
            throw reader.fault("\(endpoints.count) endpoints; at most \(most) are possible", .follow)
        }
        return Followed(
            endpoints: endpoints,
            certificate: try reader.value(.followCertificate, default: files.certificate, as: path),
            key: try reader.value(.followKey, default: files.key, as: path),
            authorities: try reader.value(.followAuthorities, default: files.authorities, as: path)
        )
    }

    /// What each setting may be alone, but not beside the others.
    private static func checkTogether(_ reader: SettingsReader) throws(ServeConfigurationError) {
        if reader.isSet(.follow) {
            for key in [ServeKey.localListen, .state] where reader.isSet(key) {
                let what = key == .state ? "its state is the followed etcd's" : "writes belong to the followed etcd"
                throw reader.fault("this cannot stand beside '\(ServeKey.follow)': \(what)", key)
            }
        }
        let dependent: [(key: ServeKey, on: ServeKey, why: String)] = [
            (.write, .localListen, "nobody can write where nothing is listened on for writers"),
            (.allowCacheWrites, .localListen, "nobody can write where nothing is listened on for writers"),
            (.cacheListen, .peers, "nothing is mirrored"),
            (.followCertificate, .follow, "nothing is followed"), (.followKey, .follow, "nothing is followed"),
            (.followAuthorities, .follow, "nothing is followed"),
        ]
        for (key, other, why) in dependent where reader.isSet(key) && !reader.isSet(other) {
            throw reader.fault("this needs '\(other)' beside it: \(why)", key)
        }
        // One without the other is a certificate with another's key.
        for (key, other) in [(ServeKey.followCertificate, ServeKey.followKey), (.followKey, .followCertificate)]
        where reader.isSet(key) && !reader.isSet(other) {
            throw reader.fault("this needs '\(other)' beside it", key)
        }
    }

    private static func path(_ text: String) throws -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw SettingFault("this is no path") }
        return text
    }
}

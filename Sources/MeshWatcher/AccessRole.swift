public import MeshCore

/// A role: whose certificates have it, and which keys it may read.
public struct AccessRole: Hashable, Sendable {
    /// What a certificate must say for its holder to have a role.
    ///
    /// Names are compared byte by byte. A name that is made here is taken as it is, also with a `*` in it; only
    /// ``init(parsing:)`` gives a `*` a meaning.
    public struct Match: Hashable, Sendable {
        /// Where in a certificate a name stands; the raw value is its word in a text.
        enum Field: String, Hashable, Sendable, CaseIterable {
            case commonName = "cn"
            case dnsName = "dns"
            case uri
        }

        enum Rule: Hashable, Sendable {
            case name(Field, String)
            case prefix(Field, String)
            case remoteCluster
        }

        let rule: Rule

        init(rule: Rule) {
            self.rule = rule
        }

        /// The subject's common name is exactly `name`.
        public static func commonName(_ name: String) -> Match { Match(rule: .name(.commonName, name)) }

        /// The subject's common name begins with `prefix`, or is that.
        public static func commonName(withPrefix prefix: String) -> Match { Match(rule: .prefix(.commonName, prefix)) }

        /// One of the DNS names among the alternative names is exactly `name`.
        public static func dnsName(_ name: String) -> Match { Match(rule: .name(.dnsName, name)) }

        /// One of the DNS names among the alternative names begins with `prefix`, or is that.
        public static func dnsName(withPrefix prefix: String) -> Match { Match(rule: .prefix(.dnsName, prefix)) }

        /// One of the URIs among the alternative names is exactly `uri`.
        public static func uri(_ uri: String) -> Match { Match(rule: .name(.uri, uri)) }

        /// One of the URIs among the alternative names begins with `prefix`, or is that.
        public static func uri(withPrefix prefix: String) -> Match { Match(rule: .prefix(.uri, prefix)) }

        /// The common name is `remote`, or `remote-<name>` with the name of a cluster: the two names that Cilium
        /// gives to the certificates with which clusters read each other.
        public static var remoteCluster: Match { Match(rule: .remoteCluster) }

        /// Whether a certificate may match that has one of the names with which clusters read each other.
        package var canBeAnotherCluster: Bool {
            switch rule {
            case .remoteCluster: true
            case .name(.commonName, let name): name == "remote" || name.utf8.starts(with: "remote-".utf8)
            case .prefix(.commonName, let prefix):
                prefix.utf8.starts(with: "remote-".utf8) || "remote-".utf8.starts(with: prefix.utf8)
            // These say nothing of the common name.
            case .name(.dnsName, _), .name(.uri, _), .prefix(.dnsName, _), .prefix(.uri, _): false
            }
        }

        /// Whether the holder of a certificate with this identity matches.
        public func matches(_ peer: PeerIdentity) -> Bool {
            switch rule {
            case .name(let field, let name):
                // Not by `==`, for which texts of other bytes can be the same.
                return field.names(of: peer).contains { $0.utf8.elementsEqual(name.utf8) }
            case .prefix(let field, let prefix):
                return field.names(of: peer).contains { $0.utf8.starts(with: prefix.utf8) }
            case .remoteCluster:
                guard let name = peer.commonName else { return false }
                if name == "remote" { return true }
                guard name.hasPrefix("remote-") else { return false }
                return (try? ClusterName(name.dropFirst("remote-".count))) != nil
            }
        }
    }

    /// Who has the role.
    public var match: Match

    /// The keys that the role may read.
    public var readable: KeyRangeSet

    /// Makes a role.
    public init(_ match: Match, mayRead readable: some Sequence<KeyRange>) {
        self.match = match
        self.readable = KeyRangeSet(readable)
    }
}

extension AccessRole.Match.Field {
    /// The names that stand there in a certificate.
    func names(of peer: PeerIdentity) -> [String] {
        switch self {
        case .commonName: peer.commonName.map { [$0] } ?? []
        case .dnsName: peer.dnsNames
        case .uri: peer.uris
        }
    }
}

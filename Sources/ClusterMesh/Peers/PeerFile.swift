internal import MeshClient
internal import MeshCore
internal import Yams

/// What a peer's file says: an etcd client's configuration, as etcd's own library and Cilium read it.
///
/// ```yaml
/// endpoints:
///   - https://kos.mesh.example:2379
/// trusted-ca-file: ca.crt
/// cert-file: clients/remote-athens.crt
/// key-file: clients/remote-athens.key
/// cilium-host-aliases:
///   - hostname: kos.mesh.example
///     ips: [192.0.2.7, 192.0.2.8]
/// ```
///
/// Paths that do not begin with `/` are meant to stand beside the file. What etcd's library knows besides is refused where
/// it would change whom this agent trusts or what it proves to be, and else told of in ``notes`` and not used.
struct PeerFile: Hashable, Sendable {
    /// The largest file that is taken for a peer's: 64 KiB.
    static let maximumBytes = 64 << 10

    /// The most notes that are kept of one file.
    static let maximumNotes = 16

    /// The keys that are used.
    private enum Field: String, CaseIterable {
        case endpoints
        case roots = "trusted-ca-file"
        case certificate = "cert-file"
        case key = "key-file"
        case aliases = "cilium-host-aliases"
    }

    /// A path and the line of the key that names it.
    struct Path: Hashable, Sendable {
        var path: String
        var line: Int
    }

    /// Where the peer is reached, at the addresses that the file gives instead of what names resolve to.
    private(set) var endpoints: [EtcdEndpoint] = []
    /// The authorities that the peer's certificate must come from.
    private(set) var roots = Path(path: "", line: 1)
    /// The certificate that is shown to the peer.
    private(set) var certificate = Path(path: "", line: 1)
    /// That certificate's private key.
    private(set) var key = Path(path: "", line: 1)
    /// What the file says that is not used.
    private(set) var notes: [PeerFault] = []

    private let file: String

    /// Whether the bytes of a file are a peer's configuration, and not a certificate, say, that stands beside it
    /// (Cilium's rule).
    static func isOne(_ bytes: [UInt8]) -> Bool {
        let mark = Array("endpoints:".utf8)
        guard bytes.count >= mark.count else { return false }
        return (0...bytes.count - mark.count).contains { start in
            bytes[start] == mark[0] && bytes[start..<start + mark.count].elementsEqual(mark)
        }
    }

    /// Reads a file's text.
    ///
    /// - Parameter file: The file's path.
    /// - Throws: ``PeerFault`` with the line and the key.
    init(parsing text: String, file: String) throws(PeerFault) {
        self.file = file
        let mapping: YAMLMapping
        do {
            mapping = try YAMLMapping(parsing: text)
        } catch {
            throw PeerFault(error.message, file: file, line: error.line, key: error.key)
        }
        var values: [Field: YAMLMapping.Entry] = [:]
        for entry in mapping.entries {
            if let field = Field(rawValue: entry.key) {
                values[field] = entry
            } else {
                try judge(entry)
            }
        }
        roots = try path(values, .roots, "the file of the authorities that the peer's certificate must come from")
        certificate = try path(values, .certificate, "the file of the certificate to show to the peer")
        key = try path(values, .key, "the file of that certificate's private key")
        let aliases = try values[.aliases].map { entry throws(PeerFault) in
            try HostAliases(entry.value, fault: { self.fault($0, entry, at: $1) })
        }
        endpoints = try endpoints(values[.endpoints], aliases ?? HostAliases())
    }

    private func fault(_ message: String, _ entry: YAMLMapping.Entry, at node: Node? = nil) -> PeerFault {
        PeerFault(message, file: file, line: node?.mark?.line ?? entry.line, key: entry.key)
    }

    // MARK: What is used

    private func path(
        _ values: [Field: YAMLMapping.Entry], _ field: Field, _ meaning: String
    ) throws(PeerFault) -> Path {
        guard let entry = values[field] else {
            throw PeerFault("it is missing; give \(meaning)", file: file, key: field.rawValue)
        }
        guard let text = entry.value.text, !text.utf8.contains(0) else {
            throw fault("expected a path: \(meaning)", entry, at: entry.value)
        }
        return Path(path: ClusterMesh.path(text, beside: file), line: entry.line)
    }

    private func endpoints(
        _ entry: YAMLMapping.Entry?, _ aliases: HostAliases
    ) throws(PeerFault) -> [EtcdEndpoint] {
        guard let entry else {
            throw PeerFault("it is missing; give a list", file: file, key: Field.endpoints.rawValue)
        }
        guard let list = entry.value.list, !list.isEmpty else {
            throw fault("expected a list of https://host:port", entry)
        }
        var endpoints: [EtcdEndpoint] = []
        for node in list {
            guard let text = node.text else { throw fault("expected https://host:port", entry, at: node) }
            let endpoint: EtcdEndpoint
            do {
                endpoint = try EtcdEndpoint(url: text)
            } catch {
                throw fault(error.message, entry, at: node)
            }
            for endpoint in aliases.resolve(endpoint) where !endpoints.contains(endpoint) {
                guard endpoints.count < PeerConfiguration.maximumEndpoints else {
                    throw fault(
                        "there are more than \(PeerConfiguration.maximumEndpoints) endpoints, one for each address of an "
                            + "alias; remove some", entry)
                }
                endpoints.append(endpoint)
            }
        }
        return endpoints
    }

    // MARK: What is not used

    /// What etcd's library knows and this agent does otherwise, with the reason.
    private static let unused = [
        "auto-sync-interval": "all endpoints stand in this file",
        "dial-timeout": "the time that connecting may take is the mirror's 'connectTimeout'",
        "dial-keep-alive-time": "the time between pings is the mirror's 'keepaliveTime'",
        "dial-keep-alive-timeout": "the time that a ping may take is the mirror's 'keepaliveTimeout'",
        "permit-without-stream": "the connection always has a stream",
        "reject-old-cluster": "a peer may be of any version",
        "max-unary-retries": "the mirror tries again with its own back-off",
        "backoff-wait-between": "the mirror tries again with its own back-off",
        "backoff-jitter-fraction": "the mirror tries again with its own back-off",
        "ca-file": "the authorities stand under 'trusted-ca-file'",
    ]

    /// What would make a connection less than mutual TLS.
    private static let refused = [
        "insecure-transport": "a mesh has no plain connections; remove it, and write endpoints as https://host:port",
        "insecure-skip-tls-verify": "a peer's certificate is always verified; remove it",
        "username": "an agent proves who it is by its certificate; remove it",
        "password": "an agent proves who it is by its certificate; remove it",
    ]

    private mutating func judge(_ entry: YAMLMapping.Entry) throws(PeerFault) {
        if let reason = Self.refused[entry.key] {
            // What is switched off, or empty, asks for nothing.
            guard let text = entry.value.text, text != "false" else {
                if entry.value.scalar == nil { throw fault(reason, entry) }
                return
            }
            throw fault(reason, entry)
        }
        guard notes.count < Self.maximumNotes else { return }
        let message: String
        if let reason = Self.unused[entry.key] {
            message = "this is not used here: \(reason)"
        } else {
            let hint = nearestWord(to: entry.key, among: Field.allCases.map(\.rawValue))
            message = "there is no such key" + (hint.map { "; did you mean '\($0)'?" } ?? "")
        }
        notes.append(fault(message, entry).meaning(.ignored))
    }
}

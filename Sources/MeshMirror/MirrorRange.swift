internal import MeshCore
internal import MeshRecords

/// What a mirror can follow of its peer.
///
/// Under `cilium/state/` all keys of a kind are followed, so that records in another cluster's name are seen, refused
/// and counted. Under `cilium/cache/`, where many clusters' copies lie side by side, only the peer's are. Of identities,
/// only the keys by number: the others name the same ones again.
enum MirrorRange: Hashable, Sendable {
    /// The cluster config, which says who the peer is.
    case config
    /// The key that a living writer rewrites.
    case heartbeat
    /// The keys that say which kinds of records were written completely.
    case canaries
    /// The records of a kind.
    case records(RecordKind, RecordLayout)

    /// What decides over the records: few keys, read anew on every connection.
    static let control: [MirrorRange] = [.config, .heartbeat, .canaries]

    /// All of them; a range's place in it is its index for the follower.
    static let all: [MirrorRange] =
        control
        + RecordLayout.allCases.flatMap { layout in RecordKind.allCases.map { .records($0, layout) } }

    private static let indices = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($0.element, $0.offset) })

    /// The ranges of a kind's records, in every layout.
    static func records(_ kind: RecordKind) -> [MirrorRange] { RecordLayout.allCases.map { .records(kind, $0) } }

    /// The range's place in ``all``.
    var index: Int {
        guard let index = Self.indices[self] else { preconditionFailure("\(self) is not among all ranges") }
        return index
    }

    /// The keys of the range.
    func keys(of cluster: ClusterName) -> KeyRange {
        switch self {
        case .config: .key(KeyLayout.clusterConfig(of: cluster))
        case .heartbeat: .key(KeyLayout.heartbeat)
        case .canaries: .prefix(KeyLayout.canaries(of: cluster))
        case .records(let kind, .own): .prefix(kind.prefix())
        case .records(let kind, .cached): .prefix(kind.prefix(of: cluster, in: .cached))
        }
    }
}

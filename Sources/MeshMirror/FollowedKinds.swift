internal import MeshRecords

/// Decides which of a peer's records are followed, where they lie, and when each kind is begun.
///
/// A peer that publishes canaries may still be writing: a kind without its canary may look like a mass deletion, so it is
/// begun only when its canary is there, once per connection. A canary that is deleted later takes nothing back.
struct FollowedKinds: Sendable {
    private struct Canary: Hashable {
        var kind: RecordKind
        var layout: RecordLayout
    }

    /// The kinds that the peer exports.
    private(set) var kinds: [RecordKind] = []
    /// Where they lie.
    private(set) var layout = RecordLayout.own
    /// The kinds whose records are complete and followed on this connection.
    private(set) var synchronised: Set<RecordKind> = []

    /// Whether the peer is identified on this connection.
    private var isIdentified = false
    private var hasCanaries = false
    /// The canaries that were found on this connection.
    private var canaries: Set<Canary> = []

    /// A connection is tried, or has ended. On each one the canaries are read anew.
    mutating func connectionBegan() {
        isIdentified = false
        canaries = []
        synchronised = []
    }

    /// The peer is known, and what it exports.
    mutating func identified(_ config: ClusterConfig) {
        isIdentified = true
        kinds = config.exportedKinds
        layout = config.cached ? .cached : .own
        hasCanaries = config.syncedCanaries
    }

    /// A canary was listed or written.
    mutating func canaryFound(_ kind: RecordKind, _ layout: RecordLayout) {
        canaries.insert(Canary(kind: kind, layout: layout))
    }

    /// A kind is listed.
    mutating func listingBegan(_ kind: RecordKind) {
        synchronised.remove(kind)
    }

    /// A kind is listed completely, and followed.
    mutating func watchBegan(_ kind: RecordKind) {
        synchronised.insert(kind)
    }

    /// Whether a range may be begun now.
    func mayFollow(_ range: MirrorRange) -> Bool {
        switch range {
        case .config, .heartbeat: true
        case .canaries: isIdentified && hasCanaries
        case .records(let kind, let layout):
            isIdentified && layout == self.layout && kinds.contains(kind) && !isAwaitingCanary(kind)
        }
    }

    /// Whether a kind waits for its canary.
    func isAwaitingCanary(_ kind: RecordKind) -> Bool {
        guard hasCanaries, kinds.contains(kind), !synchronised.contains(kind) else { return false }
        return !canaries.contains(Canary(kind: kind, layout: layout))
    }

    /// What has to be followed for the peer to be synchronised, besides its config and heartbeat.
    var ranges: Set<MirrorRange> {
        Set(kinds.map { .records($0, layout) } + (hasCanaries ? [.canaries] : []))
    }
}

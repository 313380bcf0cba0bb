internal import MeshCore
internal import MeshMirror
internal import MeshRecords

/// Decides what the store of the copies holds of one peer.
///
/// A plain value: it gets what the peer's mirror says, and answers with what is to be written, each answer as a whole.
/// What readers go by, they find last and lose first: a kind's canary comes after its records, and of a peer that left
/// the config goes before anything else.
struct RepublishedCluster: Equatable, Sendable {
    enum State: Equatable, Sendable {
        /// Nothing is held of it.
        case absent
        /// Its config is there, and the canaries of these kinds.
        case shown(ClusterConfig, synchronized: Set<RecordKind>)
        /// Its config is gone, and its records are kept for readers that are still connected; until that time.
        case leaving(until: Duration)
        /// What is held of it is being deleted.
        case erasing
        /// There was no room for it, and nothing is held of it until its mirror begins anew.
        case refused
    }

    /// A change of the store.
    enum Write: Hashable, Sendable {
        case put(Key, [UInt8])
        case delete(Key)
    }

    let name: ClusterName
    private(set) var state = State.absent
    /// Why there is no room for it; `nil` if there is.
    private(set) var fault: String?

    init(_ name: ClusterName) {
        self.name = name
    }

    /// Whether nothing is held of it, and nothing has to be remembered.
    var isGone: Bool { state == .absent && fault == nil }

    // MARK: What its mirror says

    /// The mirror knows its peer. `nil`: what is left of it has to be erased first, and this said again.
    mutating func identified(_ config: ClusterConfig) -> [Write]? {
        let copied = Self.config(copiedFrom: config)
        let write = Write.put(KeyLayout.clusterConfig(of: name), copied.encoded())
        switch state {
        case .absent:
            state = .shown(copied, synchronized: [])
            return [write]
        case .shown(let former, let synchronized):
            guard former != copied else { return [] }
            let dropped = synchronized.subtracting(copied.exportedKinds)
            state = .shown(copied, synchronized: synchronized.subtracting(dropped))
            return dropped.sorted().map { .delete(canary($0)) } + [write]
        case .leaving:
            state = .erasing
            return nil
        case .erasing:
            return fault == nil ? nil : []
        case .refused:
            return []
        }
    }

    /// Records changed. Of several changes of one record the last counts, as all of them are seen together.
    func changed(_ pairs: [MirroredPair]) -> [Write] {
        guard case .shown = state else { return [] }
        var latest: [RecordKey: Int] = [:]
        for (place, pair) in pairs.enumerated() { latest[pair.key] = place }
        return pairs.enumerated().compactMap { place, pair in
            guard latest[pair.key] == place else { return nil }
            let key = pair.key.key(in: name, layout: .cached)
            return switch pair {
            // Byte by byte what the peer wrote, whatever a record of it may leave out.
            case .put(_, let pair): .put(key, Array(pair.value))
            case .delete: .delete(key)
            }
        }
    }

    /// All records of a kind were told. `time` is the canary's value.
    mutating func synchronized(_ kind: RecordKind, at time: String) -> [Write] {
        guard case .shown(let config, var kinds) = state, kinds.insert(kind).inserted else { return [] }
        state = .shown(config, synchronized: kinds)
        return [.put(canary(kind), Array(time.utf8))]
    }

    /// The peer's services are not true any more; answers the ranges to be emptied.
    func servicesExpired() -> [KeyRange] {
        guard case .shown = state else { return [] }
        return [records(.service), records(.serviceExport)]
    }

    /// The mirror holds nothing of its peer any more.
    mutating func withdrawn(at now: Duration, grace: Duration) -> [Write] {
        fault = nil
        switch state {
        case .shown:
            state = .leaving(until: now + grace)
            return [.delete(KeyLayout.clusterConfig(of: name))]
        case .refused:
            state = .absent
            return []
        case .absent, .leaving, .erasing:
            return []
        }
    }

    // MARK: What the store says

    /// There is no room for it; answers what has to go at once, before the rest is erased.
    mutating func crowdedOut(_ why: String) -> [Write] {
        switch state {
        case .absent:
            state = .refused
            fault = why
            return []
        case .shown:
            state = .erasing
            fault = why
            return [.delete(KeyLayout.clusterConfig(of: name))]
        case .leaving, .erasing, .refused:
            return []
        }
    }

    /// When what is kept of it has to be erased; `nil` if that is not so.
    ///
    /// Not inlined: where it is, the optimiser of Swift 6.3.1 fails and ends the compiler.
    @inline(never)
    var deadline: Duration? {
        guard case .leaving(let deadline) = state else { return nil }
        return deadline
    }

    /// Time has passed; answers whether it has to be erased now.
    mutating func isDue(at now: Duration) -> Bool {
        guard let deadline, deadline <= now else { return false }
        state = .erasing
        return true
    }

    /// Whether readers find it.
    var isShown: Bool {
        if case .shown = state { true } else { false }
    }

    /// The kinds that have their canary.
    var synchronized: Set<RecordKind> {
        if case .shown(_, let kinds) = state { kinds } else { [] }
    }

    /// Whether it is being erased.
    var isErasing: Bool { state == .erasing }

    /// Where its records lie, kind by kind.
    var records: [KeyRange] { RecordKind.allCases.map(records) }

    /// What has to be erased, the canaries first.
    var everything: [KeyRange] { [.prefix(KeyLayout.canaries(of: name))] + records }

    /// Nothing of it is left in the store.
    mutating func erased() {
        guard isErasing else { return }
        state = fault == nil ? .absent : .refused
    }

    // MARK: Keys and values

    private func canary(_ kind: RecordKind) -> Key { KeyLayout.canary(of: name, for: kind, in: .cached) }

    private func records(_ kind: RecordKind) -> KeyRange { .prefix(kind.prefix(of: name, in: .cached)) }

    /// What is said of a cluster whose records are copied: what it says of itself, and where the copies lie. Endpoint
    /// slices are not copied, so that one that exports services as well is said to export services only.
    static func config(copiedFrom config: ClusterConfig) -> ClusterConfig {
        var copied = config
        copied.syncedCanaries = true
        copied.cached = true
        if config.exportedKinds.contains(.service) { copied.endpointSlicesExportMode = "" }
        return copied
    }
}

extension MirroredPair {
    /// The record that changed.
    fileprivate var key: RecordKey {
        switch self {
        case .put(let key, _), .delete(let key): key
        }
    }
}

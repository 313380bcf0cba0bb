internal import MeshCore
internal import MeshRecords

/// Decides whether a peer is the cluster that it is said to be, by the cluster config that it publishes.
///
/// Nothing is taken from a peer before it is identified on the present connection. A config that changes afterwards ends
/// the connection, as everything that was begun with the former one may be wrong. One that is deleted, or becomes
/// unreadable, changes nothing while the connection lasts: a lease may have run out, or a newer version may write what
/// this one does not know. The next connection waits for a config again where it is gone: without one, a peer's state
/// may be incomplete.
struct IdentificationStateMachine: Sendable {
    /// Who a peer is.
    struct Identity: Hashable, Sendable {
        /// What it publishes; only the number where it publishes nothing and need not.
        var config: ClusterConfig
        var id: ClusterID
        var isPublished = true
    }

    /// What follows.
    enum Action: Hashable {
        case nothing
        /// Take the peer for this one: make room for it, and report ``identified(_:)``.
        case identify(Identity)
        /// Give the connection up; why, in words for an operator.
        case refuse(String)
        /// The config became another one: connect anew.
        case reconnect
        /// Leave the config out of account, and say so.
        case skip(String)
    }

    private enum Told {
        case nothing
        case config(ClusterConfig)
        case unreadable(String)
    }

    private let cluster: ClusterName
    private let configuredID: ClusterID?
    private let space: ClusterID.Space
    private let isConfigRequired: Bool

    /// What the store was last found to hold on this connection.
    private var told = Told.nothing
    /// Whether it is listed completely, and changes are told.
    private var isCaughtUp = false
    /// Whether the peer is identified on this connection.
    private(set) var isIdentified = false
    /// As whom the peer was identified last; its records are kept over connections.
    private(set) var identity: Identity?

    /// Knows nothing yet of a peer.
    ///
    /// - Parameter id: The number that it must have; `nil` takes the one that it publishes.
    init(cluster: ClusterName, id: ClusterID?, space: ClusterID.Space, isConfigRequired: Bool) {
        self.cluster = cluster
        self.space = space
        self.isConfigRequired = isConfigRequired
        configuredID = id
    }

    /// Reads a config.
    static func read(_ pair: KeyValue) -> Result<ClusterConfig, RecordError> {
        let value = pair.value
        return Result { () throws(RecordError) in
            guard value.count <= RecordDecoder.defaultMaximumValueBytes else {
                throw RecordError(.tooLarge, key: pair.key, "the cluster config has \(value.count) bytes")
            }
            return try ClusterConfig(decoding: value)
        }
    }

    // MARK: Events

    /// A connection is tried, or has ended. On each one the config is read anew.
    mutating func connectionBegan() {
        told = .nothing
        isCaughtUp = false
        isIdentified = false
    }

    /// The config was listed or written; `nil`: it is gone.
    mutating func configTold(_ result: Result<ClusterConfig, RecordError>?) -> Action {
        guard isIdentified else {
            switch result {
            case nil: told = .nothing
            case .success(let config)?: told = .config(config)
            case .failure(let error)?: told = .unreadable("\(error)")
            }
            return isCaughtUp ? judge() : .nothing
        }
        switch result {
        case nil:
            return .nothing
        case .failure(let error)?:
            return .skip("the cluster config became unreadable, and the one before stays in force: \(error)")
        case .success(let config)?:
            return config == identity?.config ? .nothing : .reconnect
        }
    }

    /// What was told of the config is true now, and changes will be told.
    mutating func configCaughtUp() -> Action {
        isCaughtUp = true
        return isIdentified ? .nothing : judge()
    }

    /// There is room for the peer.
    mutating func identified(_ identity: Identity) {
        self.identity = identity
        isIdentified = true
    }

    /// Nothing of the peer is held any more, and it holds no number.
    mutating func forgotten() {
        identity = nil
        isIdentified = false
    }

    // MARK: Decisions

    private func judge() -> Action {
        switch told {
        case .nothing:
            // Without a number nothing that the peer says can be judged.
            guard !isConfigRequired, let id = configuredID else { return .nothing }
            return .identify(Identity(config: ClusterConfig(id: id.rawValue), id: id, isPublished: false))
        case .unreadable(let reason):
            return .refuse(reason)
        case .config(let config):
            do {
                let id = try configuredID ?? ClusterID(config.id, in: space)
                try config.validate(expecting: id, in: space)
                return .identify(Identity(config: config, id: id))
            } catch let error as ClusterNamingError {
                return .refuse("cluster '\(cluster)' publishes a number that none can have: \(error)")
            } catch {
                return .refuse("\(KeyLayout.clusterConfig(of: cluster)): \(error)")
            }
        }
    }
}

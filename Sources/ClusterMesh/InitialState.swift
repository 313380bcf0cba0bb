internal import MeshCore
internal import MeshRecords
internal import MeshStore
internal import MeshTLS
internal import MeshWatcher

/// Whether a cluster's store holds all of its records, and what is published when it does. Both of an agent's servers
/// tell it, and its writers may declare it, so that it stands apart from the agent.
///
/// Where an etcd is followed, its own writers publish; the state is complete once it was listed.
final class InitialState: Sendable {
    /// What gRPC's health protocol tells on all of the agent's servers.
    let health = ServingHealth(isServing: false)

    private let store: KVStore?
    private let name: ClusterName
    private let config: ClusterConfig
    private let complete = Locked(false)

    init(of configuration: MeshConfiguration, in store: KVStore?) {
        self.store = store
        name = configuration.name
        config = configuration.clusterConfig
    }

    /// Whether it was declared complete.
    var isComplete: Bool { complete.withLock { $0 } }

    /// Publishes the cluster config and, for each kind of record, the canary that peers wait for; returns the store's
    /// revision with them.
    ///
    /// - Throws: ``MeshCore/EtcdError`` if the store refuses the write; ``MeshConfigurationError`` if there is none.
    @discardableResult
    func declareComplete() throws -> Revision {
        guard let store else { throw MeshConfigurationError.follows(name) }
        let encodedConfig = config.encoded()
        try store.transaction { transaction in
            let configKey = KeyLayout.clusterConfig(of: name)
            // The same value again would only wake every peer.
            if transaction[configKey].map({ $0.value.elementsEqual(encodedConfig) }) == true { return }
            for kind in config.exportedKinds {
                transaction.put(KeyLayout.canary(of: name, for: kind), UTCTime.rfc3339(UTCTime.now))
            }
            transaction.put(configKey, encodedConfig)
        }
        wasFilled()
        return store.revision
    }

    /// Publishes the cluster config again if the state was declared complete and the store holds another one, or none;
    /// answers whether it did.
    ///
    /// - Throws: ``MeshCore/EtcdError`` if the store refuses the write.
    func restoreConfig() throws -> Bool {
        guard let store, isComplete else { return false }
        let config = config.encoded()
        var isRestored = false
        try store.transaction { transaction in
            let configKey = KeyLayout.clusterConfig(of: name)
            if transaction[configKey].map({ $0.value.elementsEqual(config) }) == true { return }
            transaction.put(configKey, config)
            isRestored = true
        }
        return isRestored
    }

    /// The store holds everything, and whatever is to be published is in it.
    func wasFilled() {
        complete.withLock { $0 = true }
        health.isServing = true
    }
}
